"""The address of a list of cases: tab, filters, order, page."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from models.figures import FigureKey
from services.cases.filter import CaseFilter
from services.criteria.due_filter import DueWithin
from services.desk.tabs import DeskTab
from services.figures.definitions import FIGURES
from services.wording import vocabulary
from web.reader import Visitor
from web.views.translation_marks import _

PAGE = 50
#: Maximum rows of one page; after that the list continues on a new page.
MAX_ROWS = 500
#: Parameters that are not filters.
_PAGE_PARAMETERS = frozenset(
    {"tab", "lang", "large", "cursor", "shown", "case", "cases", "known", "list", "left", "did", "sort"}
)
#: Filters that may be given several times.
_REPEATED = ("stage", "answer")
_ANSWER = re.compile(r"answer\[([A-Za-z0-9_-]+)\]")
_FILTERS = frozenset(CaseFilter.model_fields) - {"from_"} | {"from"}
#: The names of the filters, in the order of their chips.
FILTER_NAMES: Mapping[str, str] = {
    "q": _("文字"), "light": _("灯色"), "stage": _("环节"), "overdue": _("超期"), "due": _("时限"),
    "category": _("类别"), "answer": _("填答"), "grid": _("网格"),
    "department": _("部门"), "enterprise": _("企业"), "host": _("主办"), "level": _("层级"),
    "owner": _("持有人"), "handled_by": _("办结人"), "handler": _("办理人"), "led": _("下属办理"),
    "figure": _("指标"), "without": _("不含"),
    "from": _("自"), "to": _("至"), "reported_from": _("上报自"), "reported_to": _("上报至"),
}  # fmt: skip
#: The choices of the filter by time limit, in order.
DUE_NAMES: Mapping[DueWithin, str] = {
    DueWithin.OVERDUE: _("已超期"), DueWithin.HOURS_4: _("4 小时内到期"), DueWithin.HOURS_24: _("24 小时内到期"),
    DueWithin.TODAY: _("今天到期"), DueWithin.TOMORROW: _("明天到期"), DueWithin.WEEK: _("7 天内到期"),
    DueWithin.NONE: _("停表,无时限"),
}  # fmt: skip
SORTS: Mapping[str, str] = {
    "due_at": _("剩余时间"), "-updated_at": _("最近更新"), "-reported_at": _("最近上报"), "reported_at": _("最早上报"),
}  # fmt: skip


@dataclass(frozen=True)
class ListAddress:
    """The content of an address. `pairs` are its filters as given, without empty ones."""

    pairs: tuple[tuple[str, str], ...]
    filter: CaseFilter
    tab: DeskTab | None
    sort: str
    cursor: str | None
    shown: int

    def value(self, name: str) -> str:
        """The value of a filter; empty if it is not set."""
        return next((value for key, value in self.pairs if key == name), "")

    def query(self, *, without: Iterable[str] = (), **changed: str) -> str:
        """The query of the same list with some parameters changed. Parameters set to "" are removed."""
        dropped = {*without, *changed}
        params = [("tab", self.tab.value)] if self.tab is not None and "tab" not in dropped else []
        params += [(name, value) for name, value in self.pairs if name not in dropped]
        params += [("sort", self.sort)] if self.sort != default_sort(self.tab) and "sort" not in dropped else []
        params += [(name, value) for name, value in changed.items() if value]
        return urlencode(params)

    def without(self, name: str, value: str) -> str:
        """The query of the same list without this filter."""
        pairs = tuple(pair for pair in self.pairs if pair != (name, value))
        return ListAddress(pairs, self.filter, self.tab, self.sort, None, 0).query()


def parse_list_address(query: str, tabs: Sequence[DeskTab] | None, home: str = "") -> ListAddress:
    """Read the query of an address. `tabs`: the reader's tabs, or None for a list without tabs; `home`: the tab to
    begin with.

    Raises RequestValidationError for unknown filters and invalid values.
    """
    given = [(name, value.strip()) for name, value in parse_qsl(query.replace("\x00", "")) if value.strip()]
    params = dict(given)
    pairs = tuple(_as_filter(name, value) for name, value in given if name not in _PAGE_PARAMETERS)
    tab = None if tabs is None else chosen_tab(params.get("tab", ""), tabs, home)
    sort = params.get("sort") or default_sort(tab)
    fields: dict[str, object] = {name: value for name, value in pairs if name not in _REPEATED}
    repeated = {name: tuple(value for key, value in pairs if key == name) for name in _REPEATED}
    try:
        filter_ = CaseFilter.model_validate(
            {**fields, **repeated, "sort": sort, "limit": PAGE, "cursor": params.get("cursor")}
        )
    except ValidationError as error:
        faults = [{**fault, "loc": ("query", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error
    shown = params.get("shown", "")
    return ListAddress(
        pairs, filter_, tab, sort, params.get("cursor"), int(shown) if shown.isascii() and shown.isdigit() else 0
    )


def _as_filter(name: str, value: str) -> tuple[str, str]:
    """The filter of a parameter: `answer[code]=value` is `answer=code=value`."""
    found = _ANSWER.fullmatch(name)
    return (name, value) if found is None else ("answer", f"{found[1]}={value}")


def default_sort(tab: DeskTab | None) -> str:
    """The default order: pending tabs by the time left, done cases by last update, a search by report time."""
    return {None: "-reported_at", DeskTab.DONE: "-updated_at"}.get(tab, "due_at")


def chosen_tab(name: str, tabs: Sequence[DeskTab], home: str) -> DeskTab | None:
    """The tab of that name, or else the tab to begin with, or else the first."""
    by_name = {tab.value: tab for tab in tabs}
    return by_name.get(name) or by_name.get(home) or next(iter(tabs), None)


@dataclass(frozen=True)
class Chip:
    """A filter that is set: its name and value in words, and the query of the list without it."""

    name: str
    value: str
    query: str


def chips(address: ListAddress, visitor: Visitor, names: Mapping[str, str]) -> tuple[Chip, ...]:
    """The chips of the filters that are set. `names`: names of departments, categories and people by id."""
    order = list(FILTER_NAMES)
    pairs = sorted((pair for pair in address.pairs if pair[0] in FILTER_NAMES), key=lambda pair: order.index(pair[0]))
    return tuple(
        Chip(visitor.text(FILTER_NAMES[name]), filter_text(name, value, visitor, names), address.without(name, value))
        for name, value in pairs
    )


def filter_text(name: str, value: str, visitor: Visitor, names: Mapping[str, str]) -> str:
    """The value of a filter in the visitor's language."""
    if name == "due":
        return visitor.text(DUE_NAMES[DueWithin(value)])
    books = {"light": vocabulary.LIGHTS, "stage": vocabulary.STAGES, "level": vocabulary.LEVELS}
    if name in books:
        return vocabulary.label_of(books[name], value, visitor.language)
    if name in ("figure", "without"):
        return FIGURES[FigureKey(value)].name(visitor.language)
    if name in ("overdue", "led"):
        return visitor.text("是") if value.lower() in ("true", "1") else visitor.text("否")
    return names.get(value, value)
