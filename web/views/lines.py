"""The lines of a list of cases in their reader's words, put together here: a page has fifty, and grows to five hundred.

A template that asks for each word of each line takes three times as long as one that only sets them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from models.views import CaseItem
from services import words
from web.moments import exact, time_tag
from web.reader import Reader
from web.views.left import left_text, light_of, light_word, unit_text
from web.views.marks import _

COLUMN_NAMES: Mapping[str, str] = {
    "category": _("类别"), "grid": _("网格"), "source": _("来源"), "stage": _("环节"), "owner": _("持有人"),
    "level": _("层级"), "round": _("轮次"), "updated": _("更新"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One case. `left` is empty once it is closed; `due`: when it falls due, or empty; `cells`: of the columns."""

    case_no: str
    revision: int
    title: str
    light: str
    light_word: str
    overdue: bool
    left: str
    unit: str
    due: str
    cells: Markup


def lines(items: Iterable[CaseItem], reader: Reader, columns: Sequence[str]) -> list[Line]:
    """What the template of a list sets, line by line."""
    told = [(name, _TOLD[name]) for name in columns]
    return [_line(item, reader, told) for item in items]


def _line(item: CaseItem, reader: Reader, told: Sequence[tuple[str, "_Tell"]]) -> Line:
    running = item.left is not None
    return Line(
        case_no=item.case_no,
        revision=item.revision,
        title=item.title,
        light=light_of(item),
        light_word=light_word(item, reader),
        overdue=item.overdue,
        left=left_text(item, reader) if running else "",
        unit=unit_text(item, reader) if running else "",
        due="" if item.due_at is None else exact(item.due_at, reader),
        cells=Markup("".join([f'<td class="c-{name}">{escape(tell(item, reader))}</td>' for name, tell in told])),
    )


_Tell = Callable[[CaseItem, Reader], str]


def _stage(item: CaseItem, reader: Reader) -> str:
    stage = words.named(words.STAGES, item.stage, reader.language)
    return stage if item.outcome is None else f"{stage} · {words.named(words.OUTCOMES, item.outcome, reader.language)}"


#: What a column says of a case; where that is markup, it is escaped already.
_TOLD: Mapping[str, _Tell] = {
    "category": lambda item, _reader: item.category_name,
    "grid": lambda item, _reader: Markup(f'<span title="{escape(item.grid)}">{escape(item.grid_name)}</span>'),
    "source": lambda item, reader: words.named(words.SOURCES, item.source, reader.language),
    "stage": _stage,
    "owner": lambda item, _reader: item.owner.name if item.owner else "—",
    "level": lambda item, _reader: f"L{item.level}",
    "round": lambda item, _reader: str(item.round),
    "updated": lambda item, reader: time_tag(item.updated_at, reader),
}
