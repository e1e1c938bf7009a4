"""Months of an enterprise in seconds: its colour in a real workflow, with the cases about it."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from infra.matter_client import act_on_matter
from infra.store.outbox import delete_effect, take_effects
from models.facts import Actor
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.effects import ActOnMatter
from models.matters.enterprise import Enterprise, OverrideColour
from models.matters.messages import MatterAct
from models.policy.colours import Colour, VisitEvery
from services.enterprises.colour import read_colour
from services.matters.queries import find_matter
from services.matters.send import act
from tests.workflows.test_due_moments import Jumping, town as town

KIND = MatterKind.ENTERPRISE


async def deliver(town: Jumping) -> None:
    """Carry out what waits in the outbox, until it is empty: a relay may run beside this."""
    async with asyncio.timeout(30):
        while True:
            async with town.engine.begin() as connection:
                taken = await take_effects(connection, 20)
                waiting_still = await connection.scalar(text("SELECT count(*) FROM outbox"))
            if not waiting_still:
                return
            for waiting in taken:
                assert isinstance(waiting.effect, ActOnMatter)
                message = MatterAct(id=waiting.id, actor=Actor(), command=waiting.effect.command)
                await act_on_matter(town.resources.temporal, KIND, waiting.effect.matter_id, message)
                async with town.engine.begin() as connection:
                    await delete_effect(connection, waiting.id)
            if not taken:
                await asyncio.sleep(0.05)


async def look(town: Jumping, code: str) -> Enterprise:
    """The enterprise as it stands."""
    async with town.engine.connect() as connection:
        _, found = await find_matter(connection, await town.person("admin"), KIND, code, await town.now())
    assert isinstance(found, Enterprise)
    return found


async def colour_at(town: Jumping, code: str, at: datetime) -> Colour:
    """The computed colour as of that moment."""
    now = await town.now()
    async with town.engine.connect() as connection:
        return (await read_colour(connection, await town.person("admin"), code, now, "zh", at)).colour


async def finish(town: Jumping, no: str) -> None:
    """Handle the case and pass its review."""
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host="labour")
    await town.do("labour_handler", no, "complete", result="已整改")
    await town.do("reviewer", no, "pass_review")


@pytest.mark.timeout(300)
async def test_a_major_hazard_then_an_overdue_in_the_hold(town: Jumping) -> None:
    """Check 14 of the mission: green, red at once, held, held anew from the end of the overdue, then green again."""
    code = await town.enterprise()
    await deliver(town)
    await town.wait(days=1)
    assert ((await look(town, code)).colour, (await look(town, code)).visits) == (Colour.GREEN, VisitEvery.MONTHLY)
    hazard = await town.report(category="0201", title="重大隐患", severity="major", enterprise=code)
    await deliver(town)
    found = await look(town, code)
    assert (found.colour, found.visits) == (Colour.RED, VisitEvery.WEEKLY)
    assert [(cause.rule, [line.code for line in cause.lines]) for cause in found.causes] == [("major-case", [hazard])]

    await finish(town, hazard)
    await deliver(town)
    found = await look(town, code)
    assert (found.colour, found.causes) == (Colour.RED, ())
    assert found.check_at == found.held[0].until

    await town.wait(days=9, hours=20)
    late = await town.report(category="0201", title="一般隐患", enterprise=code)
    await town.wait(hours=4)
    assert "overdue" in await town.kinds(late)
    await deliver(town)
    assert [cause.rule for cause in (await look(town, code)).causes] == ["overdue"]
    await finish(town, late)
    await deliver(town)
    found = await look(town, code)
    closed = (await town.look("admin", late)).closed_at
    assert closed is not None
    assert {held.rule: held.until for held in found.held} == {
        "major-case": closed + timedelta(days=30), "overdue": closed + timedelta(days=30),
    }  # fmt: skip
    await town.wait(days=29, hours=23)
    assert (await look(town, code)).colour is Colour.RED
    await town.wait(hours=2)
    found = await look(town, code)
    assert (found.colour, found.visits, found.held) == (Colour.GREEN, VisitEvery.MONTHLY, ())
    now = await town.now()
    assert await colour_at(town, code, now - timedelta(days=21)) is Colour.RED
    assert await colour_at(town, code, now - timedelta(days=40, hours=12)) is Colour.GREEN
    assert await colour_at(town, code, now) is Colour.GREEN


async def test_a_colour_set_by_hand_ends_by_itself(town: Jumping) -> None:
    code = await town.enterprise()
    now = await town.now()
    command = OverrideColour.model_validate(
        {"colour": "yellow", "until": (now + timedelta(days=10)).date(), "reason": "约谈"}
    )
    person = await town.person("supervisor")

    await act(town.resources, person, KIND, code, command, command_id=new_id(), now=now)
    assert (await look(town, code)).shown_colour is Colour.YELLOW
    await town.wait(days=9)
    assert (await look(town, code)).shown_colour is Colour.YELLOW
    await town.wait(days=3)
    found = await look(town, code)
    assert (found.override, found.shown_colour, found.visits) == (None, Colour.GREEN, VisitEvery.MONTHLY)
