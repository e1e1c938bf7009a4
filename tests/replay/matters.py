"""The lives of matters whose histories are recorded: see `tests.replay.record`."""

import contextlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

from models.errors import DomainError
from models.ids import new_id
from models.matters.base import MatterKind
from models.policy.park import ParkPolicy
from models.policy.rungs import MatterRung
from services.demo.work.history import PastStep, live
from tests.builders import FIRE, GRID, PARK, a_policy, publish
from tests.services.matters.hall import Hall, eventually

Lives = dict[str, tuple[MatterKind, UUID]]


async def play_matters(hall: Hall) -> Lives:
    """Play each life once; return its kind and id by name."""
    return {
        "commands": await _commands(hall),
        "effects": await _effects(hall),
        "clock": await _clock(hall),
    }


async def _commands(hall: Hall) -> tuple[MatterKind, UUID]:
    """An undertaking: reported twice under one id, refused once, done, ended."""
    kind, command = MatterKind.UNDERTAKING, new_id()
    sent = await hall.begin(
        "supervisor", kind, name="路灯", grid=GRID, type="pledge", statement="装灯", owner_name="市政科",
        department=FIRE, due_on="2099-06-30",
    )  # fmt: skip
    code = sent.receipt.code
    for _ in range(2):
        await hall.do("fire_head", kind, code, "report_progress", id_=command, note="进展")
    with contextlib.suppress(DomainError):
        await hall.do("supervisor", kind, code, "reject_completion", reason="未办结")
    await hall.do("fire_head", kind, code, "complete", result="完工")
    await hall.do("supervisor", kind, code, "end", reason="并入他项")
    return kind, sent.command_id


async def _effects(hall: Hall) -> tuple[MatterKind, UUID]:
    """A topic that becomes a case: the matter hears of it after it has ended."""
    kind = MatterKind.TOPIC
    sent = await hall.begin("worker", kind, name="停车", grid=GRID, text="占道", source="visit")
    await hall.do("duty", kind, sent.receipt.code, "audit", decision="case", category="0201")

    async def is_back() -> bool:
        return not (await hall.look(kind, sent.receipt.code)).opening

    await eventually(is_back)
    return kind, sent.command_id


async def _clock(hall: Hall) -> tuple[MatterKind, UUID]:
    """An undertaking whose day passed yesterday, and whose ladder has a step some seconds from now."""
    kind, id_ = MatterKind.UNDERTAKING, new_id()
    now = datetime.now(UTC)
    due_on = (now - timedelta(days=2)).date()
    since = datetime(due_on.year, due_on.month, due_on.day, 23, 59, 59, tzinfo=UTC)  # the zone of the small policy
    ladder = (
        MatterRung(after_hours=0),
        MatterRung(after_hours=(now + timedelta(seconds=5) - since).total_seconds() / 3600),
    )
    async with hall.town.engine.begin() as connection:
        await publish(connection, a_policy(park=ParkPolicy(ladder=ladder)), version=2)
    first = {
        "kind": "undertake", "name": "公园", "grid": PARK, "type": "pledge", "statement": "建园", "owner_name": "城管",
        "due_on": due_on.isoformat(),
    }  # fmt: skip
    begun = PastStep(now - timedelta(days=5), "supervisor", first)
    code = await live(hall.town.resources, kind, id_, [begun], until=now)

    async def has_climbed() -> bool:
        return (await hall.kinds(kind, code)).count("climbed") == len(ladder)

    await eventually(has_climbed)
    return kind, id_
