"""The four-level grid tree: registry lines, and the check that together they make a tree.

Codes follow one scheme (our choice): each level extends its parent's code by a fixed segment. A grid
drawn around one body (专属网格) takes a sequence of 9xx within its community. Codes are immutable, so a
unit's code contains those of its ancestors.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from models.enums import Level, UnitType

#: Digits that each level adds to its parent's code: park 9, community 12, grid 15, micro-grid 18.
SEGMENT_WIDTHS = (9, 3, 3, 3)
#: First digit of a dedicated grid's own segment.
DEDICATED_DIGIT = "9"
#: Households of a residential micro-grid, both ends included.
HOUSEHOLDS = range(10, 16)
NAME_LENGTH = 120

_LENGTHS = tuple(accumulate(SEGMENT_WIDTHS))
_ABOVE_PARK = frozenset({"province", "city", "district", "county"})
_LEVEL_NAMES: Mapping[str, Level] = MappingProxyType(
    {
        "park": Level.PARK,
        "street": Level.PARK,
        "town": Level.PARK,
        "community": Level.COMMUNITY,
        "village": Level.COMMUNITY,
        "grid": Level.GRID,
        "micro_grid": Level.MICRO_GRID,
    }
)
_NO_KNOWN_UNITS: Mapping[str, Level] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One line of a registry as written; `line` counts from 1, the header included, or the features of a map.

    An empty `type` is derived from the code.
    """

    line: int
    code: str
    name: str
    level: str
    parent_code: str = ""
    type: str = ""
    households: int | None = None
    enterprise: str = ""
    geometry: dict[str, Any] | None = None
    is_feature: bool = False


@dataclass(frozen=True, slots=True)
class GridUnit:
    """A unit that passed the checks. `geometry` is a GeoJSON geometry in WGS 84, lon before lat."""

    code: str
    name: str
    level: Level
    type: UnitType = UnitType.TERRITORIAL
    households: int | None = None
    enterprise: str | None = None
    geometry: dict[str, Any] | None = None

    @property
    def parent(self) -> str | None:
        """The code one level up; None for a park."""
        return None if self.level is Level.PARK else self.code[: code_length(Level(self.level - 1))]

    @property
    def path(self) -> tuple[str, ...]:
        """The codes from the park down to this unit, itself included."""
        return tuple(self.code[:length] for length in _LENGTHS[: self.level])


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a line, as text for people."""

    line: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check: with any problem, `units` is empty. `skipped` counts lines above level 1."""

    units: tuple[GridUnit, ...]
    problems: tuple[Problem, ...]
    skipped: int


def code_length(level: Level) -> int:
    """How many digits a code of that level has."""
    return _LENGTHS[level - 1]


def check(lines: Iterable[UnitLine], known: Mapping[str, Level] = _NO_KNOWN_UNITS) -> Checked:
    """The units of registry lines, or every problem found, in the order of the lines.

    `known` holds units stored already, which may be named as parents. Lines of a province, city, district or county
    are above the tree: they are skipped and counted.
    """
    written = tuple(lines)
    counted = [line for line in written if line.level not in _ABOVE_PARK]
    first: dict[str, UnitLine] = {}
    for line in counted:
        first.setdefault(line.code, line)
    problems = [
        problem
        for line in counted
        for problem in (*_check_line(line), *_check_duplicate(line, first), *_check_parent(line, first, known))
    ]
    units = () if problems else tuple(_unit(line) for line in counted)
    return Checked(units, tuple(problems), len(written) - len(counted))


def _unit(line: UnitLine) -> GridUnit:
    level = _LEVEL_NAMES[line.level]
    dedicated = level >= Level.GRID and is_dedicated_code(line.code)
    return GridUnit(
        code=line.code,
        name=line.name.strip(),
        level=level,
        type=UnitType.DEDICATED if dedicated else UnitType.TERRITORIAL,
        households=line.households,
        enterprise=line.enterprise.strip() or None,
        geometry=line.geometry,
    )


def _check_line(line: UnitLine) -> list[Problem]:
    """The problems of a line by itself, without the other lines."""
    problems = _check_name(line)
    level = _LEVEL_NAMES.get(line.level)
    if level is None:
        names = "、".join(_LEVEL_NAMES)
        return [
            *problems,
            Problem(
                line.line,
                f"层级“{line.level}”无效,应为 {names} 之一",
                f"level “{line.level}” is none of {', '.join(_LEVEL_NAMES)}",
            ),
        ]
    problems += _check_code(line, level) + _check_type(line, level)
    return problems + (_check_size(line) if level is Level.MICRO_GRID else [])


def _check_name(line: UnitLine) -> list[Problem]:
    name = line.name.strip()
    if not name:
        return [Problem(line.line, "名称为空", "the name is empty")]
    if len(name) > NAME_LENGTH or not name.isprintable():
        return [
            Problem(
                line.line,
                f"名称超过 {NAME_LENGTH} 字或含控制字符",
                f"the name is over {NAME_LENGTH} characters or has control characters",
            )
        ]
    return []


def _check_code(line: UnitLine, level: Level) -> list[Problem]:
    if line.code.isascii() and line.code.isdigit() and len(line.code) == code_length(level):
        return []
    return [
        Problem(
            line.line,
            f"编码“{line.code}”应为 {code_length(level)} 位数字",
            f"code “{line.code}” should be {code_length(level)} digits",
        )
    ]


def _check_type(line: UnitLine, level: Level) -> list[Problem]:
    if line.type and line.type not in tuple(UnitType):
        return [
            Problem(
                line.line,
                f"类型“{line.type}”无效,应为 territorial 或 dedicated",
                f"type “{line.type}” is neither territorial nor dedicated",
            )
        ]
    dedicated = line.type == UnitType.DEDICATED
    if dedicated and level < Level.GRID:
        return [
            Problem(
                line.line,
                "只有网格和微网格可以是专属网格",
                "only grids and micro-grids can be dedicated",
            )
        ]
    if level < Level.GRID or not line.type or is_dedicated_code(line.code) == dedicated:
        return []
    return [
        Problem(
            line.line,
            f"编码“{line.code}”与类型不符:专属网格(且仅专属网格)的网格序号为 9xx",
            f"code “{line.code}” does not fit its type: dedicated grids, and only they, take sequence 9xx",
        )
    ]


def is_dedicated_code(code: str) -> bool:
    """Whether the grid segment of a grid's or micro-grid's code is a dedicated one."""
    return code[code_length(Level.COMMUNITY) :].startswith(DEDICATED_DIGIT)


def _check_size(line: UnitLine) -> list[Problem]:
    enterprise = bool(line.enterprise.strip())
    if enterprise and line.households is None:
        return []
    if enterprise:
        return [
            Problem(
                line.line,
                "微网格只能是住户或一家企业,不能两者都有",
                "a micro-grid holds households or one enterprise, not both",
            )
        ]
    if line.households in HOUSEHOLDS:
        return []
    low, high = HOUSEHOLDS[0], HOUSEHOLDS[-1]
    found = "-" if line.households is None else line.households
    return [
        Problem(
            line.line,
            f"微网格应有 {low}–{high} 户或恰好一家企业,现为 {found} 户",
            f"a micro-grid has {low}–{high} households or exactly one enterprise; this has {found}",
        )
    ]


def _check_duplicate(line: UnitLine, first: Mapping[str, UnitLine]) -> list[Problem]:
    earlier = first[line.code]
    if earlier is line:
        return []
    return [
        Problem(
            line.line,
            f"编码“{line.code}”重复,已见于第 {earlier.line} {'个要素' if line.is_feature else '行'}",
            f"code “{line.code}” is a duplicate of {'feature' if line.is_feature else 'line'} {earlier.line}",
        )
    ]


def _check_parent(line: UnitLine, first: Mapping[str, UnitLine], known: Mapping[str, Level]) -> list[Problem]:
    level = _LEVEL_NAMES.get(line.level)
    parent = line.parent_code
    if level is None or (level is Level.PARK and not parent):
        return []
    if not parent:
        return [Problem(line.line, "缺少上级编码", "the parent code is missing")]
    problems = []
    if not line.code.startswith(parent) or line.code == parent:
        problems.append(
            Problem(
                line.line,
                f"编码“{line.code}”未以上级编码“{parent}”开头",
                f"code “{line.code}” does not extend its parent's code “{parent}”",
            )
        )
    return problems + _check_parent_level(line, level, first, known)


def _check_parent_level(
    line: UnitLine, level: Level, first: Mapping[str, UnitLine], known: Mapping[str, Level]
) -> list[Problem]:
    parent = line.parent_code
    above = first.get(parent)
    if above is not None and above.level not in _LEVEL_NAMES:
        return []  # the parent's own line reports the problem
    found = _LEVEL_NAMES[above.level] if above is not None else known.get(parent)
    if found is None:
        if level is Level.PARK:
            return []  # a park's parent is above the tree, and the file may leave it out
        return [
            Problem(line.line, f"没有上级单位“{parent}”", f"there is no parent unit “{parent}”"),
        ]
    if found == level - 1:
        return []
    return [
        Problem(
            line.line,
            f"上级“{parent}”为第 {found} 级,应恰好高一级",
            f"parent “{parent}” is of level {found}, not exactly one level above {level}",
        )
    ]
