"""The sources of limits in words, for the command line and for refusals."""

from models.policy.limits import source_in

_KINDS = {"law": ("法定", "law"), "standard": ("标准", "standard"), "our choice": ("本单位自定", "our choice")}


def limit_source(source: str, language: str) -> str:
    """Return the source of a limit in `zh` or `en`; what is none is returned as it is."""
    kind, colon, cited = source_in(source, language).partition(": ")
    if kind not in _KINDS:
        return source
    return f"{_KINDS[kind][language.startswith('en')]}{colon}{cited}"
