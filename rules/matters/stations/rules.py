"""The rules of the matter of a station.

Exactly one case is open per station and metric. A further breach joins it, and its timeline is told; only when it has
closed, a new one is opened.
"""

from models.matters.base import MatterKind
from models.matters.station import BODIES, COMMANDS, Station
from rules.matters.kind import MatterRules, Part
from rules.matters.stations.commands import decide
from rules.matters.stations.effects import effects
from rules.matters.stations.evolve import evolve
from rules.matters.stations.silence import due, next_wake_up

_KEEPERS = frozenset({Part.HEAD, Part.DUTY_OFFICER, Part.SUPERVISOR, Part.ADMIN})

RULES = MatterRules(
    kind=MatterKind.STATION,
    name_zh="监测站",
    name_en="monitoring station",
    state=Station,
    commands=COMMANDS,
    bodies=BODIES,
    who={
        "register": frozenset({Part.DUTY_OFFICER, Part.SUPERVISOR, Part.ADMIN}),
        "change": _KEEPERS,
        "rotate_key": _KEEPERS,
        "revoke_key": _KEEPERS,
        "end": frozenset({Part.SUPERVISOR, Part.ADMIN}),
    },
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=effects,
    open_to_staff=True,
)
