"""Sources of limits in words."""

from models.policy.limits import source_in
from web.reader import Visitor
from web.views.translation_marks import _

#: Prefixes of sources in a policy.
_KINDS = {"law": _("法定"), "standard": _("标准")}


def limit_source_text(source: str, visitor: Visitor) -> str:
    """The cited law or standard in the visitor's language, or that the limit is the organisation's own."""
    kind, _colon, cited = source_in(source, visitor.language).partition(": ")
    if cited and kind in _KINDS:
        return f"{visitor.text(_KINDS[kind])}: {cited}"
    return visitor.text(_("本单位自定")) if source == "our choice" else source
