"""Who is answered what in the planted park, as data: worked out by hand from docs/trust.md and the glossary, so that a
mistake in the product's own rules is not repeated here.
"""

from models.enums import Role
from models.matters.base import MatterKind
from tests.builders import FIRE, GRID, LABOUR, MICRO_2, OTHER_PARK, PARK, Holder
from tests.matrix.table import Rule

#: Besides the people of the tiny park: the same roles elsewhere, and somebody with an interest in the place.
CROWD = (
    Holder("worker-far", "某人", Role.GRID_WORKER, grid=MICRO_2),
    Holder("supervisor-far", "某人", Role.SUPERVISOR, grid=OTHER_PARK),
    Holder("admin-far", "某人", Role.ADMIN, grid=OTHER_PARK),
    Holder("labour-far", "某人", Role.HANDLER, grid=OTHER_PARK, department=LABOUR),
    Holder("labour-near", "某人", Role.HANDLER, grid=GRID, department=LABOUR),
    Holder("liaison-near", "某人", Role.LIAISON, grid=GRID),
    Holder("helper-fire", "某人", Role.HELPER, department=FIRE),
    Holder("partner", "某人", Role.SUPERVISOR, grid=PARK),
)
READERS = (
    "reporter", "worker", "volunteer", "duty", "fire_handler", "labour_head", "reviewer", "supervisor", "keeper",
    "auditor", "admin", *(holder.username for holder in CROWD),
)  # fmt: skip
EVERYBODY = frozenset(READERS)
STAFF = EVERYBODY - {"reporter"}
#: Whose role holds for the park or for everywhere.
_OF_THE_PARK = frozenset({"duty", "reviewer", "supervisor", "keeper", "auditor", "admin", "partner"})
#: Whose role holds for the micro-grid of the case, or for a unit above it.
_OF_THE_PLACE = _OF_THE_PARK | {"worker", "volunteer", "liaison-near"}

#: The case is reported by `worker` in the first micro-grid and handled by labour; `partner` has an interest there.
SEES_THE_CASE = _OF_THE_PLACE - {"partner"} | {"labour_head", "labour-near"}

SEES_THE_MATTER: dict[MatterKind, frozenset[str]] = {
    # Open to everybody who works in the park.
    MatterKind.ENTERPRISE: STAFF,
    MatterKind.STATION: STAFF,
    MatterKind.CLAIM: STAFF,
    MatterKind.UNDERTAKING: STAFF,
    MatterKind.REFERRAL_DESK: STAFF,
    # Of the community.
    MatterKind.PLAN: _OF_THE_PARK,
    # Of the micro-grid, and of the department labour wherever its people are.
    MatterKind.TOPIC: _OF_THE_PLACE | {"labour_head", "labour-near", "labour-far"},
    # Of the park, with the fire department.
    MatterKind.MEETING: _OF_THE_PARK | {"fire_handler", "helper-fire"},
    # Of the case: nobody with an interest in it, and besides its place the fire department, which has a step in it.
    MatterKind.EMERGENCY: _OF_THE_PLACE - {"partner"} | {"fire_handler", "helper-fire"},
}

_READ_FIGURES = frozenset(
    {"duty", "labour_head", "supervisor", "auditor", "admin", "supervisor-far", "admin-far", "partner"}
)
#: Who opens the pages of a rule; to everybody else they are closed.
OPENS: dict[Rule, frozenset[str]] = {
    Rule.LIST: EVERYBODY,
    Rule.ACCOUNT: EVERYBODY,
    Rule.FIGURES: _READ_FIGURES,
    Rule.BULLETINS: _READ_FIGURES,
    Rule.UNMASKINGS: frozenset({"auditor", "keeper"}),
    Rule.ADMIN_READ: frozenset({"admin", "supervisor", "auditor", "supervisor-far", "admin-far", "partner"}),
    Rule.ACTIONS: frozenset({"admin", "auditor"}),
    Rule.ADMIN: frozenset({"admin"}),
}
#: Who reads the bulletin of the park.
READS_THE_BULLETIN = frozenset({"duty", "supervisor", "auditor", "admin", "partner"})
#: Who reads the points of the person `duty`: that person alone, who has handled nothing for which anybody leads them.
READS_POINTS_OF_DUTY = frozenset({"duty"})
