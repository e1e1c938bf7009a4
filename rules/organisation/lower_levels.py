"""Generated grids and micro-grids for communities that have none yet.

A registry of divisions ends at the community, and each community draws the levels below it. Until those are known,
this makes a plausible tree (our choice), always the same for the same codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from models.enums import Level, UnitType
from rules.organisation.grid_tree import HOUSEHOLDS, SEGMENT_WIDTHS, GridUnit
from rules.organisation.invented_names import enterprise_name

#: Grids per community, and micro-grids per grid, when no target is given.
PLAIN_GRIDS, PLAIN_MICRO_GRIDS = 4, 6
#: With a target: grids per community, both ends included.
FEWEST_GRIDS, MOST_GRIDS = 4, 8
#: With a target: one micro-grid in so many is an enterprise, in a dedicated grid.
ONE_ENTERPRISE_IN = 10

_GRID_WIDTH, _MICRO_WIDTH = SEGMENT_WIDTHS[2], SEGMENT_WIDTHS[3]
_FIRST_DEDICATED = 901
_SUFFIXES = ("居民委员会", "社区居委会", "村民委员会", "居委会", "村委会")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of dedicated grid, with its share (weight) of all enterprises."""

    name: str
    trades: tuple[str, ...]
    weight: int
    institutions: tuple[str, ...] = ()


_KINDS = (
    _Kind("化工一区", ("化工", "石化", "精细化工"), 11),
    _Kind("化工二区", ("化学", "树脂", "助剂"), 11),
    _Kind("新材料园", ("新材料", "复合材料", "高分子材料"), 11),
    _Kind("医药园", ("制药", "生物科技", "医药中间体"), 11),
    _Kind("园区学校", (), 2, ("中心小学", "初级中学", "实验幼儿园", "职业技术学校")),
    _Kind("园区医院", (), 1, ("人民医院", "职业病防治院")),
    _Kind("物流区", ("物流", "仓储", "货运"), 12),
    _Kind("危化品仓储区", ("危化品仓储", "罐区运营", "气体"), 9),
    _Kind("印染纺织园", ("印染", "纺织", "服装"), 11),
    _Kind("装备制造园", ("装备制造", "机械", "阀门"), 11),
)


def make_lower_levels(units: Sequence[GridUnit], micro_grids: int | None = None) -> tuple[GridUnit, ...]:
    """`units` with grids and micro-grids added under every community that has no grid among them.

    Without `micro_grids`, each such community gets 4 grids of 6. With it, exactly that many micro-grids are
    made over all of them, in 4 to 8 grids each; a tenth of them are enterprises in dedicated grids. Parents
    come before their children. Raises ValueError when the target does not fit the communities.
    """
    settled = {unit.parent for unit in units if unit.level is Level.GRID}
    bare = sorted((u for u in units if u.level is Level.COMMUNITY and u.code not in settled), key=lambda u: u.code)
    if micro_grids is None:
        made = [unit for community in bare for unit in _plain_grids(community)]
    else:
        made = _grids_for_target(bare, micro_grids)
    return tuple(sorted((*units, *made), key=lambda unit: (unit.level, unit.code)))


def _plain_grids(community: GridUnit) -> list[GridUnit]:
    return _grids(community, [PLAIN_MICRO_GRIDS] * PLAIN_GRIDS)


def _grids_for_target(bare: list[GridUnit], target: int) -> list[GridUnit]:
    enterprises = target // ONE_ENTERPRISE_IN
    if enterprises < sum(1 for _ in _KINDS) or not bare:
        enterprises = 0  # too few: not every kind of dedicated grid would have one
    homes = target - enterprises
    if homes < len(bare) or (not bare and target):
        raise ValueError(f"{target} micro-grids cannot be spread over {len(bare)} communities")
    shares = _apportion(homes, [_stable_number(c.code, "size", 80, 120) for c in bare])
    made: list[GridUnit] = []
    for community, share in zip(bare, shares, strict=True):
        count = min(share, _stable_number(community.code, "grids", FEWEST_GRIDS, MOST_GRIDS))
        weights = [_stable_number(f"{community.code}/{n}", "size", 80, 120) for n in range(count)]
        made += _grids(community, _apportion(share, weights))
    return made + (_dedicated_grids(bare, enterprises) if enterprises else [])


def _grids(community: GridUnit, sizes: list[int]) -> list[GridUnit]:
    made: list[GridUnit] = []
    for number, size in enumerate(sizes, start=1):
        code = community.code + _segment(number, _GRID_WIDTH)
        name = f"{_short_name(community.name)}第{number}网格"
        made.append(GridUnit(code=code, name=name, level=Level.GRID))
        made += (_residential(code, name, n) for n in range(1, size + 1))
    return made


def _residential(grid: str, name: str, number: int) -> GridUnit:
    code = grid + _segment(number, _MICRO_WIDTH)
    return GridUnit(
        code=code,
        name=f"{name}{number:02}号微网格",
        level=Level.MICRO_GRID,
        households=_stable_number(code, "households", HOUSEHOLDS[0], HOUSEHOLDS[-1]),
    )


def _dedicated_grids(bare: list[GridUnit], enterprises: int) -> list[GridUnit]:
    """One dedicated grid of each kind, spread over the communities and numbered 9xx within each."""
    made: list[GridUnit] = []
    used: dict[str, int] = {}
    company = 0
    shares = _apportion(enterprises, [kind.weight for kind in _KINDS])
    for place, (kind, share) in enumerate(zip(_KINDS, shares, strict=True)):
        community = bare[place * len(bare) // len(_KINDS)]
        sequence = used.setdefault(community.code, _FIRST_DEDICATED)
        used[community.code] += 1
        code = community.code + _segment(sequence, _GRID_WIDTH)
        made.append(GridUnit(code=code, name=f"{kind.name}专属网格", level=Level.GRID, type=UnitType.DEDICATED))
        for number in range(1, share + 1):
            name = _occupant_name(kind, number, company)
            company += 1
            made.append(
                GridUnit(
                    code=code + _segment(number, _MICRO_WIDTH),
                    name=name,
                    level=Level.MICRO_GRID,
                    type=UnitType.DEDICATED,
                    enterprise=name,
                )
            )
    return made


def _occupant_name(kind: _Kind, number: int, company: int) -> str:
    """The enterprise, or the institution, that a dedicated micro-grid is drawn around."""
    if not kind.institutions:
        return enterprise_name(company, kind.trades[company % len(kind.trades)])
    again, place = divmod(number - 1, len(kind.institutions))
    return f"园区{kind.institutions[place]}" + (f"第{again + 1}分部" if again else "")


def _segment(number: int, width: int) -> str:
    if number >= 10**width:
        raise ValueError(f"number {number} does not fit {width} digits of a code")
    return f"{number:0{width}}"


def _short_name(name: str) -> str:
    """The community's name without the word for its committee."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return name


def _stable_number(code: str, what: str, low: int, high: int) -> int:
    """A number from `low` to `high`, both included, derived from the code alone: always the same."""
    digest = blake2b(f"{what}:{code}".encode(), digest_size=8).digest()
    return low + int.from_bytes(digest, "big") % (high - low + 1)


def _apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Shares of `total` by weight, at least 1 each, exactly `total` together (largest remainders first)."""
    if not weights:
        return []
    spare = total - len(weights)
    whole = sum(weights)
    shares = [1 + spare * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(spare * weights[i] % whole), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares
