"""The routes that matters of every kind have; what only one kind has stands in a file of its own."""

from api.matters import matter_router
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from rules.matters.registry import RULES

#: Commands that have another route, because they need more than the command itself.
ELSEWHERE = {
    MatterKind.EMERGENCY: frozenset({"begin"}),
    MatterKind.PLAN: frozenset({"report_duty"}),
    MatterKind.REFERRAL_DESK: frozenset({"book"}),
    MatterKind.STATION: frozenset({"rotate_key"}),
}
ROUTERS = tuple(matter_router(kind, PATHS[kind], without=ELSEWHERE.get(kind, frozenset())) for kind in RULES)
