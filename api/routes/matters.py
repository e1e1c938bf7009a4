"""The routes that matters of every kind have; what only one kind has stands in a file of its own."""

from api.matters import matter_router
from models.matters.base import MatterKind

#: By kind: the word in the address.
PATHS = {
    MatterKind.PLAN: "plans",
    MatterKind.UNDERTAKING: "undertakings",
}
ROUTERS = tuple(matter_router(kind, path) for kind, path in PATHS.items())
