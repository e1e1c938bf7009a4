"""Short names of units, for maps and narrow columns; the whole path is in the title beside them."""

import re
from collections.abc import Sequence

#: What tells a grid from its neighbours below the same unit: its number.
_NUMBER = re.compile(r"(?:第\d+网格|\d+号)$")
#: Words that a name carries for its kind, longest first: they say nothing where the kind is known.
_SUFFIXES = ("居民委员会", "村民委员会")


def short_unit(name: str) -> str:
    """Return the name without the word for its kind: 丘头社区居民委员会 → 丘头社区, 第2网格05号微网格 → 第2网格05号."""
    if name.endswith("号微网格"):
        return name.removesuffix("微网格")
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return name


def short_place(name: str, path: Sequence[str]) -> str:
    """Return the unit by its last two levels; a name that begins with that of the unit above says both by itself."""
    above = path[-2] if len(path) > 1 else ""
    return short_unit(name) if not above or name.startswith(above) else f"{short_unit(above)} · {short_unit(name)}"


def shortest_unit(name: str) -> str:
    """Return what tells the unit from its neighbours: 徐村社区第2网格 → 第2网格, 徐村社区第2网格05号微网格 → 05号."""
    short = short_unit(name)
    number = _NUMBER.search(short)
    return short if number is None else number.group()
