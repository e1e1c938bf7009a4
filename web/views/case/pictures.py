"""The photos and papers of a case: what was found, and what it looked like afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.desk.case_page import CasePageView, FileView

#: Facts whose files show the matter after something was done about it.
_AFTER_KINDS = frozenset({"completed", "self_closed", "review_passed", "review_failed", "progress_reported"})


@dataclass(frozen=True)
class Pictures:
    """Pictures before and after, and papers; each once, in the order in which it came. `number` counts them all."""

    before: tuple[FileView, ...]
    after: tuple[FileView, ...]
    papers: tuple[FileView, ...]
    number: Mapping[str, int]


def sort_pictures(page: CasePageView) -> Pictures:
    """Sorts the files of a case by the fact that brought them."""
    seen: dict[str, str] = {}
    for fact in page.facts:
        for sha256 in (*(fact.body.get("attachments") or ()), *(fact.body.get("evidence") or ())):
            seen.setdefault(sha256, "after" if fact.kind in _AFTER_KINDS else "before")
    known = {sha256: side for sha256, side in seen.items() if sha256 in page.files}
    files = page.files
    return Pictures(
        before=tuple(files[h] for h, side in known.items() if side == "before" and files[h].is_picture),
        after=tuple(files[h] for h, side in known.items() if side == "after" and files[h].is_picture),
        papers=tuple(files[h] for h in known if not files[h].is_picture),
        number={sha256: place for place, sha256 in enumerate(known, 1)},
    )
