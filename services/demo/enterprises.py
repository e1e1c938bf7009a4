"""The enterprises of the demonstration park: 88 invented ones, in its dedicated grids, with valid credit codes.

Each depends only on its unit, so that the park is the same whenever it is loaded.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from models.context import Person
from models.credit_code import ALPHABET, check_character
from models.enums import Level, UnitType
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.enterprise import OverrideColour, RegisterEnterprise
from rules.organisation.grid_tree import GridUnit
from rules.organisation.invented_names import person_name
from services.demo.park import demo_units
from services.demo.town import DemoTown
from services.matters.send import act, create
from services.runtime.resources import Resources

#: As many as the community of document 000 has.
COUNT = 88
_FORM = "有限公司"
#: The place of the one whose colour is set by hand.
_BY_HAND = 5
#: All of these are among them; the others are taken evenly.
_FIRST = ("印染", "纺织", "机械", "装备")
#: The trade by what the name says, its department, and how it works.
_TRADES: Mapping[str, tuple[str, str, str]] = {
    "印染": ("印染", "environment", "every_day"), "纺织": ("印染", "environment", "every_day"),
    "服装": ("服装", "labour", "no_sundays"), "机械": ("汽配模具", "safety", "no_sundays"),
    "装备": ("汽配模具", "safety", "park"), "阀门": ("汽配模具", "safety", "park"),
    "仓储": ("仓储物流", "fire", "every_day"), "罐区": ("危化品仓储", "safety", "every_day"),
    "气体": ("危化品仓储", "safety", "every_day"), "物流": ("仓储物流", "fire", "every_day"),
    "货运": ("仓储物流", "fire", "no_sundays"), "制药": ("医药化工", "environment", "every_day"),
    "医药": ("医药化工", "environment", "every_day"), "生物": ("医药化工", "environment", "park"),
    "材料": ("新材料", "environment", "no_sundays"),
}  # fmt: skip
_OTHER_TRADE = ("化工", "environment", "every_day")
_WORKSHOPS = {
    "印染": ("前处理车间", "染色车间", "定型车间"),
    "化工": ("合成车间", "精制车间"),
    "医药化工": ("合成车间", "烘包车间"),
    "汽配模具": ("压铸车间", "机加工车间"),
}
_CADRES = (
    "safety_head", "environment_head", "labour_head", "fire_head", "market_head", "urban_head", "police_head",
    "property_head", "civil_head", "union_head",
)  # fmt: skip


def demo_enterprises(units: Sequence[GridUnit] | None = None) -> tuple[RegisterEnterprise, ...]:
    """Return the registrations of the park's enterprises, spread over its dedicated grids."""
    plants = [
        unit
        for unit in (demo_units() if units is None else units)
        if unit.level is Level.MICRO_GRID and unit.type is UnitType.DEDICATED and unit.name.endswith(_FORM)
    ]
    plants.sort(key=lambda unit: unit.code)
    first = [unit for unit in plants if any(word in unit.name for word in _FIRST)]
    rest = [unit for unit in plants if unit not in first]
    wanted = COUNT - len(first)
    chosen = [*first, *(rest[place * len(rest) // wanted] for place in range(min(wanted, len(rest))))][:COUNT]
    return tuple(_enterprise(unit, number) for number, unit in enumerate(chosen))


def credit_code(number: int) -> str:
    """Return a valid credit code of the park's county that nobody has, one for each number."""
    rng = random.Random(number)
    organisation = "MA" + "".join(rng.choice(ALPHABET) for _ in range(2)) + f"{number:05d}"
    first = "91130109" + organisation
    return first + check_character(first)


def _enterprise(unit: GridUnit, number: int) -> RegisterEnterprise:
    rng = random.Random(unit.code)
    industry, department, works = next((said for word, said in _TRADES.items() if word in unit.name), _OTHER_TRADE)
    headcount = rng.choice((36, 58, 90, 140, 220, 360, 520, 760))
    size = "above_scale" if headcount >= 120 else rng.choice(("below_scale", "small"))
    shifts = [{"name": "白班", "start": "08:00", "end": "17:00"}]
    if works == "every_day":
        shifts = [
            {"name": "早班", "start": "08:00", "end": "20:00"},
            {"name": "晚班", "start": "20:00", "end": "08:00"},
        ]
    names = _WORKSHOPS.get(industry, ("生产车间",))
    body: dict[str, Any] = {
        "code": credit_code(number),
        "name": unit.name,
        "grid": unit.code,
        "size": size,
        "industry": industry,
        "headcount": headcount,
        "shifts": shifts,
        "work_rule": works,
        "workshops": [{"number": f"W{place}", "name": name} for place, name in enumerate(names, 1)],
        "department": department,
        "location": _middle(unit),
        "safety_officer": {
            "name": person_name(9000 + number),
            "phone": f"0311-85{number:03d}{number % 7}{number % 9}8",
        },
        "volunteer": f"v{unit.code}" if number % 11 else None,
        "cadre": _CADRES[number % len(_CADRES)],
    }
    return RegisterEnterprise.model_validate(body)


def _middle(unit: GridUnit) -> dict[str, float] | None:
    """The middle of the corners of the unit's outline."""
    if unit.geometry is None:
        return None
    ring = unit.geometry["coordinates"][0]
    points = ring[0] if unit.geometry["type"] == "MultiPolygon" else ring
    return {
        "lat": round(sum(point[1] for point in points) / len(points), 6),
        "lon": round(sum(point[0] for point in points) / len(points), 6),
    }


async def register_demo_enterprises(resources: Resources, town: DemoTown) -> int:
    """Register the enterprises, and set one colour by hand. Repeated, it changes nothing."""
    registrations = [one for one in demo_enterprises() if one.grid in town.paths]
    duty, supervisor = (_person(town, name) for name in ("duty", "supervisor"))
    made = 0
    for command in registrations:
        id_ = derived_id("demo-enterprise", command.code)
        sent = await create(resources, duty, MatterKind.ENTERPRISE, command, id_=id_)
        made += sent.created
    if made and len(registrations) > _BY_HAND:
        now = datetime.now(UTC)
        by_hand = OverrideColour.model_validate(
            {"colour": "yellow", "until": (now + timedelta(days=60)).date(), "reason": "安全生产约谈后重点关注"}
        )
        await act(
            resources, supervisor, MatterKind.ENTERPRISE, str(registrations[_BY_HAND].code), by_hand,
            command_id=derived_id("demo-enterprise", "by-hand"), now=now,
        )  # fmt: skip
    return made


def _person(town: DemoTown, username: str) -> Person:
    return next(person for person in town.people if person.username == username)
