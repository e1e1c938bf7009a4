"""Where a limit comes from, as people read it."""

from web.reader import Visitor
from web.views.translation_marks import _

#: How a policy begins what it cites.
_KINDS = {"law": _("法定"), "standard": _("标准")}


def limit_source_text(source: str, visitor: Visitor) -> str:
    """The law or standard as it is cited, or that the limit is the house's own."""
    kind, _colon, cited = source.partition(": ")
    if cited and kind in _KINDS:
        return f"{visitor.text(_KINDS[kind])}: {cited}"
    return visitor.text(_("本单位自定")) if source == "our choice" else source
