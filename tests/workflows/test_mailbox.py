"""What people are told outside the pages, on the server that skips time, through a real send to a far side."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.enums import EscalationMode, Level, Role, Severity
from models.mailbox import mailbox_workflow_id
from models.policy.calendar import Calendar
from models.policy.document import Category, Policy
from models.policy.limits import Limit
from models.policy.standard import Ladder, Limits, Rung, Target
from tests.builders import MICRO, a_policy, person_id
from tests.workflows.letters import ZONE, Letters, next_on, running_letters

_OFFICE = ["08:30-12:00", "14:00-17:30"]
HEAD = "community_supervisor"


def policy() -> Policy:
    """Reports that nobody accepts within two hours are told to the community's supervisor; every Saturday is made up
    for. `9901` is a major hazard."""
    hours = Limit.of_hours
    limits = Limits(accept=hours(2), dispatch=hours(4), handle=hours(72), review=hours(24))
    target = Target(role=Role.SUPERVISOR, level=Level.COMMUNITY, mode=EscalationMode.INFORM)
    hazard = Category(
        code="9901", name_zh="重大隐患", name_en="Major hazard", group="01", severity=Severity.MAJOR, limits=limits
    )
    week = {day: _OFFICE for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    today = datetime.now(UTC).date()
    saturdays = [day for n in range(60) if (day := today + timedelta(days=n)).weekday() == 5]
    years = [
        {"year": year, "workdays": [str(day) for day in saturdays if day.year == year]}
        for year in sorted({day.year for day in saturdays})
    ]
    calendar = Calendar.model_validate({"name": "office", "week": week, "makeup": _OFFICE, "years": years})
    known = a_policy()
    return a_policy(
        categories=(*known.categories, hazard),
        ladders=(Ladder(code="climb", rungs=(Rung(fraction=1, targets=(target,)),)),),
        calendars=(calendar,),
    )


@pytest.fixture
async def town(
    engine: AsyncEngine, database_url: str, time_skipping_binary: str, key_file: Path
) -> AsyncIterator[Letters]:
    async with running_letters(engine, database_url, time_skipping_binary, key_file, policy()) as running:
        yield running


async def test_forty_steps_of_ten_minutes_are_a_message_and_a_digest_without_what_is_accepted(town: Letters) -> None:
    await town.told_by(HEAD)
    start = next_on(1, "12:00", await town.now())
    await town.until(start)
    numbers = []
    for _ in range(40):
        numbers.append(await town.report(grid=MICRO, category="0201"))
        await town.env.sleep(timedelta(seconds=15))
    await town.until(start + timedelta(hours=2))
    for _ in range(40):
        await town.step(seconds=15)
    await town.do("community_duty", numbers[7], "accept")
    await town.step(minutes=2)
    await town.step(minutes=20)
    await town.delivered(2)
    (first_at, first, _), (digest_at, digest, lines) = await town.messages(HEAD)
    assert first.startswith(numbers[0])
    standing = [no for index, no in enumerate(numbers) if index != 7]
    assert digest == "39 件事项待您查看"
    assert [line.split()[0] for line in lines] == standing
    assert first_at - (start + timedelta(hours=2)) < timedelta(minutes=1)
    assert timedelta(minutes=10) <= digest_at - first_at < timedelta(minutes=11)


async def test_at_night_the_ordinary_waits_for_the_make_up_saturday_and_the_hazard_does_not(town: Letters) -> None:
    await town.told_by(HEAD, quiet=("22:00", "07:00"), rest_days=True)
    friday = next_on(4, "21:10", await town.now())
    await town.until(friday)
    ordinary = await town.report(grid=MICRO, category="0201")
    await town.env.sleep(timedelta(minutes=1))
    hazard = await town.report(grid=MICRO, category="9901")
    await town.until(friday + timedelta(hours=2, seconds=5))
    await town.give_out()
    await town.step(seconds=30)
    waits = text("SELECT why, until FROM mail_items WHERE person = :p AND state = 'waiting'")
    async with town.engine.connect() as connection:
        row = (await connection.execute(waits, {"p": person_id(HEAD)})).one()
    saturday = datetime.combine(friday.date() + timedelta(days=1), datetime.min.time(), ZONE)
    assert (row.why, row.until) == ("quiet", saturday + timedelta(hours=7))
    await town.until(friday + timedelta(hours=2, minutes=1, seconds=5))
    await town.give_out()
    await town.until(saturday + timedelta(days=2))
    await town.delivered(2)
    told = [(at.astimezone(ZONE), title) for at, title, _ in await town.messages(HEAD)]
    assert [title.split()[0] for _, title in told] == ["【紧急】[重大]", ordinary]
    assert hazard in told[0][1]
    assert told[0][0] - (friday + timedelta(hours=2, minutes=1)) < timedelta(seconds=30)
    assert timedelta() <= told[1][0] - (saturday + timedelta(hours=7)) < timedelta(seconds=1)


async def test_a_storm_is_one_summary_and_leaves_no_backlog(town: Letters) -> None:
    await town.told_by(HEAD)
    start = next_on(2, "10:00", await town.now())
    await town.until(start)
    for _ in range(30):
        await town.report(grid=MICRO, category="0201")
    await town.until(start + timedelta(hours=2, seconds=4))
    async with asyncio.timeout(30):  # time goes on at its own pace: the mailbox waits for ten seconds of quiet
        while await town.count("SELECT count(*) FROM notices WHERE person = :p", p=person_id(HEAD)) < 30:
            await asyncio.sleep(0.02)
    await town.give_out()
    await town.step(minutes=3)
    for _ in range(3):
        await town.step(hours=1)
    await town.delivered(1)
    ((_, title, lines),) = await town.messages(HEAD)
    assert title == "东一社区短时间内有 30 件事项,请到系统查看"
    assert len(lines) == 7
    assert await town.count("SELECT count(*) FROM mail_items WHERE state = 'told'") == 30
    assert await town.count("SELECT count(*) FROM notices WHERE person = :p", p=person_id(HEAD)) == 30


HEADS = (HEAD, "duty", "fire_head")
_FIVE_THOUSAND = text("""
    INSERT INTO mail_intake (receiver_kind, receiver, origin_kind, origin_id, seq, at, place, path, detail)
    SELECT 'person', p.receiver, 'case', gen_random_uuid(), 2, CAST(:at AS timestamptz) + n * interval '12 ms',
        '130172100001', '{}', jsonb_build_object('number', 'C' || n, 'what', 'step_fired', 'mode', 'inform',
            'severity', CASE WHEN n % 1000 = 0 THEN 'urgent' ELSE 'ordinary' END)
    FROM generate_series(1, 5000) n, unnest(CAST(:people AS text[])) AS p(receiver)
""")


async def test_five_thousand_steps_of_a_minute_are_one_summary_for_each_head(town: Letters) -> None:
    for name in HEADS:
        await town.told_by(name, digest_minutes=0, language="en" if name == "duty" else None)
    start = next_on(3, "10:00", await town.now())
    await town.until(start + timedelta(minutes=1))
    async with town.engine.begin() as connection:
        people = [str(person_id(name)) for name in HEADS]
        await connection.execute(_FIVE_THOUSAND, {"at": start, "people": people})
    began = time.monotonic()
    await town.give_out()
    print("given out to mailboxes and woken, s:", round(time.monotonic() - began, 2))
    await town.step(minutes=3)
    print("all decided, s:", round(time.monotonic() - began, 2))
    await town.step(hours=2)
    await town.delivered(len(HEADS))
    for name in HEADS:
        ((_, title, lines),) = await town.messages(name)
        if name == "duty":
            assert title == "5000 items in a short time: 东一社区. Please look in Gridloop."
            assert (lines[0], lines[1]) == (
                "The 5 most pressing of them:", "[urgent] C1000: escalation",
            )  # fmt: skip
        else:
            assert title == "东一社区短时间内有 5000 件事项,请到系统查看"
        assert [re.split("[:: ]+", line)[1] for line in lines[1:6]] == ["C1000", "C2000", "C3000", "C4000", "C5000"]
    signals = 0
    for name in HEADS:
        handle = town.env.client.get_workflow_handle(mailbox_workflow_id(person_id(name)))
        events = [event async for event in handle.fetch_history_events()]
        signals += sum(event.HasField("workflow_execution_signaled_event_attributes") for event in events)
    assert signals < 20 * len(HEADS), "items that come together wake a mailbox once"
