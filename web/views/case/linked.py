"""What a case belongs to: the matters of the park that opened it or told it something, and the cases it was split off
from or into.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from models.matters.base import MatterKind
from models.matters.paths import PATHS
from models.views import FactView


@dataclass(frozen=True)
class Linked:
    """A matter with its page."""

    name: str
    code: str
    href: str


@dataclass(frozen=True)
class SplitCases:
    """Numbers of cases. `origin`: the one that this was split off from; `parts`: those split off from this one."""

    origin: str | None
    parts: tuple[str, ...]


def split_cases(facts: Iterable[FactView]) -> SplitCases:
    """Return where a case came from by splitting, and what became of it."""
    origin, parts = None, list[str]()
    for fact in facts:
        if fact.kind == "received":
            origin = fact.body.get("split_from")
        elif fact.kind == "errand_settled" and str(fact.body.get("errand")).startswith("split:"):
            parts += [number] if (number := fact.body.get("case_no")) else []
    return SplitCases(origin, tuple(sorted(parts)))


def linked_matters(facts: Iterable[FactView]) -> tuple[Linked, ...]:
    """Return each of them once, in the order in which the case met them."""
    found: dict[tuple[str, str], Linked] = {}
    for fact in facts:
        about = fact.body.get("matter") if fact.kind == "received" else fact.body if fact.kind == "informed" else None
        if not about:
            continue
        kind, code = str(about.get("matter_kind") or about.get("kind")), str(about["code"])
        if kind in set(MatterKind):
            href = f"/park/{PATHS[MatterKind(kind)]}/{code}"
            found.setdefault((kind, code), Linked(str(about["name"]), code, href))
    return tuple(found.values())
