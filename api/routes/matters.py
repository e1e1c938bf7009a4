"""The routes that matters of every kind have; what only one kind has stands in a file of its own."""

from api.matters import matter_router
from models.matters.base import MatterKind

#: By kind: the word in the address.
PATHS = {
    MatterKind.PLAN: "plans",
    MatterKind.STATION: "stations",
    MatterKind.UNDERTAKING: "undertakings",
}
#: Commands that have another route, because they need more than the command itself.
ELSEWHERE = {MatterKind.STATION: frozenset({"rotate_key"})}
ROUTERS = tuple(matter_router(kind, path, without=ELSEWHERE.get(kind, frozenset())) for kind, path in PATHS.items())
