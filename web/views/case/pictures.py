"""The photos of a case, before and after handling, and its other files."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.desk.case_page import CasePageView, FileView

#: Facts whose files show the situation after something was done.
_AFTER_KINDS = frozenset({"completed", "self_closed", "review_passed", "review_failed", "progress_reported"})


@dataclass(frozen=True)
class Pictures:
    """Pictures before and after, and other files, each once, in order of arrival. `number` numbers all of them."""

    before: tuple[FileView, ...]
    after: tuple[FileView, ...]
    papers: tuple[FileView, ...]
    number: Mapping[str, int]


def sort_pictures(page: CasePageView) -> Pictures:
    """Sort the files of a case by the first fact that they came with."""
    first_seen: dict[str, str] = {}
    for fact in page.facts:
        for sha256 in (*(fact.body.get("attachments") or ()), *(fact.body.get("evidence") or ())):
            first_seen.setdefault(sha256, "after" if fact.kind in _AFTER_KINDS else "before")
    sides = {sha256: side for sha256, side in first_seen.items() if sha256 in page.files}
    files = page.files
    return Pictures(
        before=tuple(files[h] for h, side in sides.items() if side == "before" and files[h].is_picture),
        after=tuple(files[h] for h, side in sides.items() if side == "after" and files[h].is_picture),
        papers=tuple(files[h] for h in sides if not files[h].is_picture),
        number={sha256: place for place, sha256 in enumerate(sides, 1)},
    )
