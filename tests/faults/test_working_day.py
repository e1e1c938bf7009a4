"""A working day through HTTP: twenty people at once, whatever the cases allow them; afterwards both stores agree."""

import asyncio
import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from infra.database import snapshot_connection
from infra.store.cases import read_facts
from models.case import Case
from models.ids import new_id
from rules.escalation.wake_ups import next_wake_up
from rules.evolve import fold
from rules.tasks import open_tasks
from tests.builders import MICRO, put_photo
from tests.faults.conftest import RunningSystem
from tests.faults.test_reconcile import reconcile
from tests.rules.choices import About, a_command, chosen
from tests.rules.lives import PHOTO

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

#: How many people work at once, how many cases they begin with, and for how long they work.
CLIENTS, CASES = 20, 24
WORKING = timedelta(seconds=float(os.environ.get("GRIDLOOP_TEST_WORKING_SECONDS", "15")))
#: Who is at work: every role, the busy ones more than once.
STAFF = (
    "worker", "reporter", "duty", "duty", "duty_2", "community_duty", "fire_handler", "fire_handler_2", "fire_head",
    "labour_handler", "labour_handler", "labour_head", "environment_handler", "environment_head", "reviewer",
    "reviewer", "supervisor", "supervisor", "community_supervisor", "other_duty",
)  # fmt: skip

#: What would end every case within seconds, when so many hands are at so few cases.
ENDINGS = frozenset({"withdraw", "void", "reject", "merge", "self_close"})


class Day:
    """What twenty clients do to the same cases, and what came of it."""

    def __init__(self, running: RunningSystem, http: httpx.AsyncClient, seed: int) -> None:
        self.running = running
        self.http = http
        self.seed = seed
        self.numbers: list[str] = []
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def headers(self, username: str) -> dict[str, str]:
        """Signed in."""
        return {"Authorization": f"Bearer {await self.running.token(self.http, username)}"}

    async def report(self, luck: random.Random) -> None:
        """Somebody reports something."""
        by, source = luck.choice([("worker", "grid_worker"), ("reporter", "resident"), ("duty", "hotline")])
        body = {
            "report_id": str(new_id()), "category": luck.choice(["0103", "0201", "0302"]), "title": "有情况",
            "grid": MICRO, "source": source,
        }  # fmt: skip
        answer = await self.http.post("/api/v1/cases", json=body, headers=await self.headers(by))
        assert answer.status_code == 201, answer.text
        self.numbers.append(answer.json()["case_no"])

    async def work(self, place: int) -> None:
        """One person's day."""
        luck, username = random.Random(f"{self.seed}:{place}"), STAFF[place]
        until = datetime.now(UTC) + WORKING
        while datetime.now(UTC) < until:
            await self.act(luck, username)

    async def act(self, luck: random.Random, username: str) -> None:
        """Looks at a case and does something that it allows; now and then sends it twice, or reports something."""
        if luck.random() < 0.02:
            await self.report(luck)
        no, headers = luck.choice(self.numbers), await self.headers(username)
        seen = await self.http.get(f"/api/v1/cases/{no}", headers=headers)
        if seen.status_code == 404:
            return
        assert seen.status_code == 200, seen.text
        view = seen.json()
        if not view["allowed_commands"]:
            return
        kind = chosen(view["allowed_commands"], luck)
        if kind in ENDINGS and luck.random() < 0.8:
            return
        command = a_command(kind, luck, datetime.now(UTC), about(view, self.numbers))
        body = command.model_dump(mode="json", exclude={"kind"}, exclude_none=True)
        keyed = {**headers, "Idempotency-Key": str(new_id())}
        sends = [self.http.post(f"/api/v1/cases/{no}/commands/{kind}", json=body, headers=keyed)
                 for _ in range(2 if luck.random() < 0.1 else 1)]  # fmt: skip
        for answer in await asyncio.gather(*sends):
            self.count(kind, answer)

    def count(self, kind: str, answer: httpx.Response) -> None:
        """Either it went through, or it was refused with a reason."""
        if answer.status_code == 200:
            self.done[kind] += 1
            return
        assert 400 <= answer.status_code < 500, f"{kind}: {answer.status_code} {answer.text}"
        problem = answer.json()
        assert problem["code"], answer.text
        assert problem["detail"], answer.text
        self.refused[problem["code"]] += 1


def about(view: dict[str, Any], numbers: list[str]) -> About:
    """What a person sees."""
    return About(
        numbers=tuple(numbers),
        due_at=datetime.fromisoformat(view["due_at"]) if view.get("due_at") else None,
        absorbed=tuple(view.get("absorbed", ())),
    )


async def have_photo(running: RunningSystem) -> None:
    """The attachment that commands name."""
    await put_photo(running.engine, PHOTO)


async def stored(running: RunningSystem) -> dict[str, Case]:
    """Every case as the database has it at one moment, each checked to be the fold of its facts."""
    found: dict[str, Case] = {}
    async with snapshot_connection(running.engine) as connection:
        for row in (await connection.execute(text("SELECT report_id, case_no, state FROM cases"))).all():
            case = Case.model_validate(row.state)
            assert fold(await read_facts(connection, row.report_id)) == case
            found[row.case_no] = case
    return found


async def test_twenty_people_at_once_leave_no_drift(running: RunningSystem) -> None:
    await have_photo(running)
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    limits = httpx.Limits(max_connections=CLIENTS * 2)
    async with httpx.AsyncClient(base_url=running.url, timeout=60, trust_env=False, limits=limits) as http:
        day = Day(running, http, seed)
        for _ in range(CASES):
            await day.report(random.Random(f"{seed}:{len(day.numbers)}"))
        await asyncio.gather(*(day.work(place) for place in range(CLIENTS)))
    print(sum(day.done.values()), "done", dict(day.done), "refused", dict(day.refused))
    assert sum(day.done.values()) > CLIENTS * 5
    assert len(day.done) > 20, "the day came by most of the commands"
    async with asyncio.timeout(60):
        while any(errand.refused is None for case in (await stored(running)).values() for errand in case.errands):
            await asyncio.sleep(0.2)
    cases = await stored(running)
    for case in cases.values():
        if case.is_open:
            assert case.owner is not None
            assert next_wake_up(case) is not None
            assert open_tasks(case)
        if case.merged_into is not None:
            assert case.case_no in cases[case.merged_into].absorbed
            assert cases[case.merged_into].is_open or cases[case.merged_into].outcome is not None
    code, report, said = await reconcile(running)
    assert (code, report["findings"]) == (0, []), said
