"""Propose a mapping for a list from its headers, and from its values where no header is known."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from models.english import counted
from models.policy.document import Policy
from services.files.cells import BadCell, FaultyCell, cell_number, cell_text, header_key
from services.files.moments import NoMoment, read_moment
from services.files.service_requests import read_requests
from services.files.shipped import POLICY
from services.files.tables import Row
from services.policies.files import read_policy

#: The words of a header, best first; a header that is the word wins over one that holds it.
SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "number": (
            *(
                "工单编号",
                "工单号",
                "案件编号",
                "事件编号",
                "诉求编号",
                "受理编号",
                "任务编号",
                "流水号",
                "单号",
                "案卷号",
                "编号",
            ),
            *("service_request_id", "request_id", "case_no", "case number", "ticket", "reference", "number", "id"),
        ),
        "service": (
            *("事件小类", "小类", "事件类别", "问题类别", "问题类型", "事件类型", "诉求类型", "诉求类别", "案件类型"),
            *("类别", "类型", "分类", "大类", "service_code", "service_name", "category", "type", "service"),
        ),
        "title": (
            *("标题", "主题", "事件名称", "诉求标题", "案件名称", "title", "subject", "summary", "名称", "name"),
        ),
        "description": (
            *("问题描述", "事件描述", "诉求内容", "详细描述", "描述", "内容", "详情", "说明"),
            *("description", "details", "content", "text"),
        ),
        "lat": ("纬度", "latitude", "lat"),
        "lon": ("经度", "longitude", "long", "lng", "lon"),
        "grid": ("网格编码", "微网格编码", "网格代码", "grid_code", "grid"),
        "reported_at": (
            *(
                "上报时间",
                "受理时间",
                "登记时间",
                "来电时间",
                "创建时间",
                "发生时间",
                "立案时间",
                "上报日期",
                "时间",
                "日期",
            ),
            *("requested_datetime", "reported_at", "created_at", "created", "datetime", "date", "time"),
        ),
    }
)
#: How many rows are looked at, and how many services a mapping lists.
_SAMPLE, _MAX_SERVICES = 500, 200
#: Where a column without a known header may hold latitudes and longitudes: inside China, where they can't be confused.
_LATITUDES, _LONGITUDES = (3.0, 54.0), (73.0, 136.0)
_NO_CODE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class _Column:
    """A column of the file, with the values that it holds in the first rows."""

    header: str
    values: tuple[Any, ...]

    def all_are(self, test: Callable[[Any], bool]) -> bool:
        """Return whether there are values, and all pass the test."""
        return bool(self.values) and all(map(test, self.values))


def suggest(path: Path, language: str) -> str:
    """Return a mapping file for the table at `path`, with comments in `language`. Raises UnreadableFile.

    A field without a column, and a service without a category, is left to be filled in, and said so.
    """
    table = read_requests(path)
    columns = [_Column(header, _values(table.rows, header)) for header in table.headers]
    found = {name: column.header for name, column in _match(columns).items()}
    policy = read_policy(POLICY)
    english = language.startswith("en")
    lines = [
        f"# {table.recognised.en if english else table.recognised.zh}",
        "# " + ("Check every line, then: import FILE --mapping THIS --dry-run"
                if english else "请逐行核对,然后:import 文件 --mapping 本文件 --dry-run"),
        f"system: {_scalar(_NO_CODE.sub('-', path.stem).strip('-')[:40] or 'imported')}",
        "fields:",
        *_field_lines(found, english),
        "zone: Asia/Shanghai",
        "services:",
        *_service_lines(table.rows, found.get("service"), policy, english),
        "# " + ("The category of every other service; without it such rows are rejected"
                if english else "其他类型归入的类别;不填则此类行被拒绝"),
        "default_category: null",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _values(rows: Sequence[Row], header: str) -> tuple[Any, ...]:
    values = (record.get(header) for _, record in rows[:_SAMPLE])
    return tuple(v for v in values if not isinstance(v, FaultyCell) and cell_text(v).strip())


def _match(columns: Sequence[_Column]) -> dict[str, _Column]:
    """Return the column of each field: by a header that is a known word, then by one that holds it, then by values."""
    found: dict[str, _Column] = {}
    left = list(columns)

    def take(name: str, column: _Column | None) -> None:
        if column is not None and name not in found:
            found[name] = column
            left.remove(column)

    for is_match in (str.__eq__, _holds):
        for name, words in SYNONYMS.items():
            keys = map(header_key, words)
            candidates = (column for key in keys for column in left if is_match(header_key(column.header), key))
            take(name, next((one for one in candidates if _may_be(name, one)), None))
    for name, test in (("reported_at", _is_moment), ("lat", _within(*_LATITUDES)), ("lon", _within(*_LONGITUDES))):
        take(name, next((column for column in left if column.all_are(test)), None))
    take("number", next((one for one in left if len(set(map(cell_text, one.values))) == len(one.values) > 1), None))
    return found


def _holds(header: str, word: str) -> bool:
    """Return whether a header holds a word; a short Latin word must stand by itself: `id` is not in `width`."""
    if word.isascii():
        return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", header) is not None
    return word in header


def _may_be(name: str, column: _Column) -> bool:
    """Return whether the values of a column do not contradict its header."""
    if name == "reported_at":
        return sum(map(_is_moment, column.values)) * 2 >= len(column.values)
    if name in ("lat", "lon"):
        return sum(map(_within(-180, 180), column.values)) * 2 >= len(column.values)
    return True


def _is_moment(value: Any) -> bool:
    try:
        read_moment(value, ZoneInfo("UTC"))
    except NoMoment:
        return False
    return True


def _within(least: float, most: float) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        try:
            number = cell_number(value)
        except BadCell:
            return False
        return least <= number <= most and number != int(number)

    return test


def _field_lines(found: Mapping[str, str], english: bool) -> list[str]:
    lines = []
    for name in ("number", "service", "title", "description", "lat", "lon", "reported_at", "grid"):
        if name in found:
            lines.append(f"  {name}: {_scalar(found[name])}")
        elif name in ("number", "service", "reported_at") or (name in ("lat", "lon") and "grid" not in found):
            text = "no column was recognised: write its header" if english else "没有认出对应的列,请写上表头"
            lines.append(f"  # {name}:   # {text}")
    return lines


def _service_lines(rows: Sequence[Row], column: str | None, policy: Policy, english: bool) -> list[str]:
    """Return a line for each service, the most frequent first; as a comment where no category has its name."""
    if column is None:
        return ["  {}"]
    counts = Counter(
        cell_text(v).strip() for v in (record.get(column) for _, record in rows) if not isinstance(v, FaultyCell)
    )
    lines, text = [], "which category?" if english else "对应哪个类别?"
    for service, count in counts.most_common(_MAX_SERVICES):
        if not service:
            continue
        code = _category_named(service, policy)
        size = f"{counted(count, 'row')}" if english else f"{count} 行"
        if code is None:
            lines.append(f'  # {_scalar(service)}: ""   # {size}, {text}')
        else:
            lines.append(f'  {_scalar(service)}: "{code}"   # {size}')
    return lines if any(not line.startswith("  #") for line in lines) else [*lines, "  {}"]


def _category_named(service: str, policy: Policy) -> str | None:
    key = header_key(service)
    for category in policy.categories:
        if key in (category.code, header_key(category.name_zh), header_key(category.name_en)):
            return str(category.code)
    return None


def _scalar(text: str) -> str:
    """Return a text as YAML holds it in one line."""
    return yaml.safe_dump(text, allow_unicode=True, default_style='"', width=10_000).strip()
