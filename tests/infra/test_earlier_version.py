"""A database made by the version before rounds: it upgrades, its cases fold and are listed, and they go on."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.auditing import looking
from infra.database import open_database
from infra.migrate import downgrade, upgrade
from infra.settings import Settings
from models.case import Case
from models.enums import Outcome, Stage, TaskKind
from models.facts import Fact
from models.jobs.audit import Drift
from rules.escalation.wake_ups import next_wake_up
from rules.evolve import fold
from rules.tasks import open_tasks
from services.auditing.audit import audit
from services.runtime.resources import Resources
from tests.builders import ENVIRONMENT, LABOUR, PARK, person_id
from tests.town import Town, town_settings, until_polled
from worker import running_worker

EARLIER: dict[str, Any] = json.loads((Path(__file__).parent / "earlier" / "0012.json").read_text())
NUMBERS: dict[str, str] = EARLIER["cases"]
#: What the facts of a case tell and its earlier state did not keep.
NOT_KEPT = {
    "hosts", "appeals", "info_requests", "suspensions_granted", "suspended_for", "void_request",
    "rounds",
    "extension_request", "merged_at_stage",
}  # fmt: skip
#: Rows before those that refer to them.
ORDER = (
    "grid_units", "departments", "people", "grants", "policies", "case_counters", "cases", "facts", "tasks", "notices",
)  # fmt: skip
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def tables(now: datetime) -> dict[str, Any]:
    """The rows, as if they had been written within the last week: all moments moved on by whole weeks."""
    written = max(datetime.fromisoformat(row["updated_at"]) for row in EARLIER["tables"]["cases"])
    later = timedelta(weeks=max((now - written) // timedelta(weeks=1), 0))
    moved = _MOMENT.sub(
        lambda found: (datetime.fromisoformat(found[0]) + later).isoformat(), json.dumps(EARLIER["tables"])
    )
    found: dict[str, Any] = json.loads(moved)
    return found


@pytest.fixture
def earlier_url(empty_database_url: str) -> str:
    """The database as that version left it."""
    upgrade(empty_database_url, EARLIER["revision"])
    rows = tables(datetime.now(UTC))
    assert set(rows) == set(ORDER)
    with psycopg.connect(empty_database_url) as connection:
        for table in ORDER:
            statement = f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s)"
            connection.execute(statement.encode(), (json.dumps(rows[table]),))
    return empty_database_url


@pytest.fixture
def upgraded_url(earlier_url: str) -> str:
    """The same, upgraded to the present version."""
    upgrade(earlier_url)
    return earlier_url


@pytest.fixture
async def upgraded(upgraded_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on the upgraded database."""
    engine = open_database(Settings(database_url=SecretStr(upgraded_url), token_secret=SecretStr("0" * 64)))
    yield engine
    await engine.dispose()


def read(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


def cases(url: str) -> dict[str, Case]:
    """Each case by its name here, as the present code reads its earlier state."""
    states = dict(read(url, "SELECT case_no, state FROM cases"))
    return {name: Case.model_validate(states[no]) for name, no in NUMBERS.items()}


def facts(url: str, case_no: str) -> list[Fact]:
    """Its facts, as the present code reads them."""
    columns = "f.seq, f.at, f.actor, f.command_id, f.command, f.digest, f.body"
    rows = read(url, f"SELECT {columns} FROM facts f JOIN cases USING (report_id) WHERE case_no = '{case_no}'"
                     " ORDER BY f.seq")  # fmt: skip
    names = ("seq", "at", "actor", "command_id", "command", "digest", "body")
    return [Fact.model_validate({**dict(zip(names, row, strict=True)), "actor": {"person": row[2]}}) for row in rows]


def comparable(case: Case) -> dict[str, Any]:
    """What both tell of a case; of a stopped clock its earlier state did not keep where it stopped."""
    found = case.model_dump(exclude=NOT_KEPT)
    for clock in (found["clock"], found["whole"], *found["past_clocks"]):
        if clock is not None:
            del clock["stopped_due_at"]
    return found


def test_every_case_folds_to_what_its_earlier_state_says(upgraded_url: str) -> None:
    """The few things the earlier state did not keep apart."""
    for name, state in cases(upgraded_url).items():
        folded = fold(facts(upgraded_url, NUMBERS[name]))
        assert folded is not None
        kept, told = comparable(state), comparable(folded)
        differing = {field for field in kept if kept[field] != told[field]}
        assert differing == set(), name
        assert open_tasks(folded) == open_tasks(state)
        assert (folded.exempt, len(folded.pending_appeals)) == (state.exempt, len(state.pending_appeals))


def test_what_the_earlier_state_kept_in_fields_of_its_own_is_in_their_present_form(upgraded_url: str) -> None:
    found = cases(upgraded_url)
    proposal = found["void_proposed"].void_request
    assert proposal is not None
    assert (proposal.by, proposal.decide_by) == (person_id("duty"), None)
    (waits,) = found["appeal_waits"].appeals
    assert (waits.department, waits.round, waits.by, waits.upheld) == (
        ENVIRONMENT, 1, person_id("environment_head"), None,
    )  # fmt: skip
    assert [appeal.upheld for appeal in found["appeal_upheld"].appeals] == [True]
    assert [appeal.upheld for appeal in found["appeal_dismissed"].appeals] == [False]
    assert (found["appeal_upheld"].exempt, found["appeal_dismissed"].exempt) == (True, False)
    (first,) = found["reopened"].appeals
    assert (first.round, first.upheld, found["reopened"].round) == (1, True, 2)
    for case in found.values():
        assert next_wake_up(case) is not None


def test_lists_show_the_earlier_deadline_and_urge_orders_lie_with_whoever_handles(
    earlier_url: str,
) -> None:
    urged = (
        "SELECT assignee_kind, assignee_id FROM tasks JOIN cases USING (report_id)"
        f" WHERE kind = 'answer_urge' AND case_no = '{NUMBERS['urged_at_the_park']}'"
    )
    due = "SELECT case_no, due_at FROM cases WHERE closed_at IS NULL"
    assert read(earlier_url, urged) == [("unit", PARK)]
    before = dict(read(earlier_url, due))
    upgrade(earlier_url)
    assert read(earlier_url, urged) == [("person", str(person_id("labour_handler")))]
    after = dict(read(earlier_url, due))
    for case in cases(earlier_url).values():
        if case.is_open:
            assert after[case.case_no] == case.due_at
    downgrade(earlier_url, EARLIER["revision"])
    assert dict(read(earlier_url, due)) == before
    assert read(earlier_url, urged) == [("unit", PARK)]


@pytest.mark.timeout(180)
async def test_the_cases_are_listed_and_go_on(
    upgraded: AsyncEngine, upgraded_url: str, temporal_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their workflows are lost altogether here: the audit starts them from the rows; each kind goes on."""
    monkeypatch.setattr(looking, "PAUSE", timedelta(milliseconds=100))
    settings = town_settings(upgraded_url)
    async with running_worker(temporal_client, upgraded, settings):
        await until_polled(temporal_client, settings.case_queue)
        town = Town(Resources(settings=settings, engine=upgraded, temporal=temporal_client))
        report = await audit(town.resources, fix=True)
        assert report.repaired == len(NUMBERS)
        assert {finding.kind for finding in report.findings} <= {Drift.RECOUNT_PENDING}, report.findings
        for no in NUMBERS.values():
            assert (await town.look("admin", no)).case_no == no
        await each_goes_on(town)
        for name, no in NUMBERS.items():
            case = await town.case(no)
            assert case.is_open == (next_wake_up(case) is not None and case.stage is not Stage.CLOSED), name


async def each_goes_on(town: Town) -> None:
    """What was pending is decided, by the rules of today."""
    n = NUMBERS
    await town.do("duty_2", n["void_proposed"], "void", reason="确系重复")
    assert (await town.case(n["void_proposed"])).outcome is Outcome.VOIDED
    await town.do("labour_handler", n["urged_at_the_park"], "answer_urge", note="已办")
    await town.do("supervisor", n["informed"], "escalate", reason="接手")
    await town.do("duty", n["requests"], "refuse_return", reason="属劳动")
    await town.do("duty", n["requests"], "grant_extension")
    await town.do("labour_handler", n["extended"], "complete", result="已付")
    case = await town.case(n["suspended"])
    if case.suspended_until is not None:
        await town.do("labour_head", n["suspended"], "resume")
    await town.do("labour_handler", n["suspended"], "claim")
    if (await town.case(n["info"])).info_request is not None:
        await town.do("worker", n["info"], "supply_info", note="三人")
    await town.do("duty", n["info"], "accept")
    assert (await town.case(n["lead"])).absorbed == (n["merged"],)
    await town.do("duty", n["lead"], "unmerge", case_no=n["merged"], reason="不是一回事")
    async with asyncio.timeout(30):
        while "errand_returned" not in await town.kinds(n["lead"]):
            await asyncio.sleep(0.05)
    await town.do("supervisor", n["appeal_waits"], "decide_appeal", upheld=True, reason="属实")
    assert (await town.case(n["appeal_waits"])).exempt
    await town.do("fire_handler", n["reopened"], "report_progress", note="已配合")
    await town.do("environment_head", n["reopened"], "complete", result="已处理")
    await town.do("reviewer", n["reopened"], "pass_review")
    assert not (await town.case(n["reopened"])).exempt, "an appeal of the first round exempts no second one"
    await town.do("environment_head", n["reopened"], "appeal", reason="又是故障")
    await town.do("reviewer", n["self_closed"], "fail_review", reason="未解决")
    assert (await town.case(n["self_closed"])).whole is not None, "its statutory clock has begun"
    await town.do("supervisor", n["reopening"], "grant_reopen")
    await town.do("duty", n["reopening"], "dispatch", host=LABOUR)
    assert TaskKind.HANDLE in {task.kind for task in open_tasks(await town.case(n["reopening"]))}
