"""The rows of a list of cases as HTML, made in Python for speed: a page has 50 rows, and grows to 500.

A template that looks up each word of each row takes three times as long. Rows have as few elements as possible, because
the browser lays out each of them and a filtered list should appear at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from markupsafe import Markup, escape

from models.views import CaseItem
from services.cases.search import Excerpt, mark_words
from services.wording import vocabulary
from web.local_time import format_exact, time_tag
from web.pages import SIGNS
from web.reader import Reader
from web.views.case.time_left import left_text, light_of, light_word, unit_text
from web.views.translation_marks import _

COLUMN_NAMES: Mapping[str, str] = {
    "category": _("类别"), "answers": _("填答"), "grid": _("网格"), "source": _("来源"), "stage": _("环节"),
    "owner": _("持有人"), "level": _("层级"), "round": _("轮次"), "updated": _("更新"),
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The words that were sought, which are marked, and the excerpts that show those not in a title, by case number;
    and the hashes of the cases' first photos. `answers`: what was answered to questions, for the column of that name.
    """

    words: tuple[str, ...] = ()
    excerpts: Mapping[str, Excerpt] = field(default_factory=dict)
    photos: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)


def render_rows(
    items: Iterable[CaseItem], reader: Reader, columns: Sequence[str], *, bulk: bool, found: Found | None = None
) -> Markup:
    """The rows of a table of cases. With `bulk` each has a checkbox of the form `bulk`."""
    cells = [(name, _CELLS[name]) for name in columns]
    return Markup("".join([_row(item, reader, cells, found or Found(), bulk=bulk) for item in items]))  # noqa: S704 every value in it is escaped or a number


def _row(
    item: CaseItem, reader: Reader, columns: Sequence[tuple[str, "_CellRenderer"]], found: Found, *, bulk: bool
) -> str:
    no = _escape_cached(item.case_no)
    cells = "".join([f'<td class="c-{name}">{render(item, reader, found)}</td>' for name, render in columns])
    preview_label = _escape_cached(reader.text("预览 %(no)s", no=item.case_no))
    title = render_marked(item.title, found.words)
    title_class = "c-title with-photo" if item.case_no in found.photos else "c-title"
    preview = f'<a class="button quiet" href="/cases/{no}" data-preview aria-label="{preview_label}"></a>'
    return f"""<tr data-case="{no}" data-revision="{item.revision}">
  {_checkbox(item, reader) if bulk else ""}
  <td class="c-left"><span class="left">{_light(item, reader)}{_time_left(item, reader)}</span></td>
  <th scope="row" class="{title_class}">{_photo(item, found)}<a href="/cases/{no}">{title}</a>\
<small class="mono">{render_marked(item.case_no, found.words)}</small>{_excerpt(item, found)}</th>
  {cells}
  <td class="c-open no-print">{preview}</td>
</tr>
"""


def render_marked(text: str, words: Sequence[str]) -> Markup:
    """The escaped text, with the sought words marked."""
    if not words:
        return escape(text)
    pieces = mark_words(text, words)
    return Markup("").join(Markup("<mark>{}</mark>").format(piece) if is_found else piece for piece, is_found in pieces)


def _photo(item: CaseItem, found: Found) -> str:
    """A small copy of the first photo. Without a text: the title beside it says what it is of."""
    photo = found.photos.get(item.case_no)
    if photo is None:
        return ""
    address = f"/api/v1/attachments/{photo}/thumbnail?size=icon"
    return f'<img class="row-photo" src="{address}" alt="" width="48" height="36" loading="lazy">'


def _excerpt(item: CaseItem, found: Found) -> str:
    excerpt = found.excerpts.get(item.case_no)
    if excerpt is None:
        return ""
    before, after = ("…" if cut else "" for cut in (excerpt.before, excerpt.after))
    return f'<small class="excerpt">{before}{render_marked(excerpt.text, found.words)}{after}</small>'


def _checkbox(item: CaseItem, reader: Reader) -> str:
    no = _escape_cached(item.case_no)
    tick = _escape_cached(reader.text("选中 %(no)s", no=item.case_no))
    box = f'<input type="checkbox" name="case" value="{no}" form="bulk" aria-label="{tick}">'
    return f'<td class="tick no-print"><label>{box}</label></td>'


def _light(item: CaseItem, reader: Reader) -> str:
    light = light_of(item)
    sign = f'<span aria-hidden="true">{SIGNS[light]}</span>'
    return f'<span class="light light-{light}">{sign} {_escape_cached(light_word(item, reader))}</span>'


def _time_left(item: CaseItem, reader: Reader) -> str:
    """The time left, with the due moment in its title; empty once the case is closed."""
    if item.left is None:
        return ""
    due = ""
    if item.due_at is not None:
        title = reader.text("到期 %(moment)s", moment=format_exact(item.due_at, reader))
        due = f' title="{_escape_cached(title)}"'
    unit = f'<small><span class="dot"> · </span>{_escape_cached(unit_text(item, reader))}</small>'
    late = " late" if item.overdue else ""
    return f' <span class="left-time{late}"{due}>{_escape_cached(left_text(item, reader))}{unit}</span>'


@lru_cache(maxsize=8192)
def _escape_cached(text: str) -> str:
    """The escaped text. Cached: the same texts appear in many rows and many requests."""
    return str(escape(text))


_CellRenderer = Callable[[CaseItem, Reader, Found], str]


def _stage(item: CaseItem, reader: Reader, _found: Found) -> str:
    stage = vocabulary.label_of(vocabulary.STAGES, item.stage, reader.language)
    if item.outcome is not None:
        stage = f"{stage} · {vocabulary.label_of(vocabulary.OUTCOMES, item.outcome, reader.language)}"
    return _escape_cached(stage)


#: The content of each column's cell, escaped.
_CELLS: Mapping[str, _CellRenderer] = {
    "category": lambda item, _reader, _found: _escape_cached(item.category_name),
    "answers": lambda item, _reader, found: str(escape(found.answers.get(item.case_no, ""))),
    "grid": lambda item, _reader, _found: (
        f'<span title="{_escape_cached(item.grid)}">{_escape_cached(item.grid_name)}</span>'
    ),
    "source": lambda item, reader, _found: _escape_cached(
        vocabulary.label_of(vocabulary.SOURCES, item.source, reader.language)
    ),
    "stage": _stage,
    "owner": lambda item, _reader, _found: _escape_cached(item.owner.name) if item.owner else "—",
    "level": lambda item, _reader, _found: f"L{item.level}",
    "round": lambda item, _reader, _found: str(item.round),
    "updated": lambda item, reader, _found: time_tag(item.updated_at, reader),
}
