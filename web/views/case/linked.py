"""The matters of the park that a case belongs to: the one that opened it, and those that told it something."""

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
