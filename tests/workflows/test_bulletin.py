"""Bulletins, through the API, the real Temporal server and the real PostgreSQL: made, made again, scheduled, read."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import pytest_asyncio

from models.commands import Accept, Claim, Complete, Dispatch, PassReview
from models.jobs.bulletin import BulletinKind
from rules.deadlines.periods import last_period, period_of
from services.bulletins.schedules import schedule_bulletins, schedule_id
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, LABOUR, MICRO, OTHER_COMMUNITY, OTHER_PARK, PARK, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

BULLETINS = "/supervision/bulletins"


def today() -> date:
    """The day in the park, which may begin while the tests run."""
    return (datetime.now(UTC) + timedelta(hours=8)).date()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("bulletins")) as opened:
        now = datetime.now(UTC)
        done: Any = (
            ("duty", Accept()), ("duty", Dispatch(host=LABOUR)), ("labour_handler", Claim()),
            ("labour_handler", Complete(result="已处理")), ("reviewer", PassReview()),
        )  # fmt: skip
        await opened.past(now - timedelta(hours=100), *done)
        for hours in (50, 49, 48):
            await opened.past(now - timedelta(hours=hours), title="=反复")
        yield opened


async def made(harness: ApiHarness, username: str, **wanted: Any) -> Any:
    answer = await harness.send(username, BULLETINS, wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_bulletin_made_again_is_the_same_one_with_new_content(harness: ApiHarness) -> None:
    [first] = await made(harness, "supervisor", kind="board", period=str(today()), grid=PARK)
    assert (first["runs"], first["name"], first["grid"]["code"]) == (1, "日晾晒", PARK)
    before = (await harness.get("supervisor", f"{BULLETINS}/{first['id']}"))["content"]["board"]["totals"]
    await harness.report()
    [again] = await made(harness, "supervisor", kind="board", period=str(today()), grid=PARK)
    assert (again["id"], again["runs"]) == (first["id"], 2)
    after = (await harness.get("supervisor", f"{BULLETINS}/{first['id']}"))["content"]["board"]["totals"]
    assert after["open"]["count"] == before["open"]["count"] + 1
    listed = await harness.http.get(
        f"http://gridloop.test{after['open']['cases']}", headers=harness.signed_in("supervisor")
    )
    assert listed.json()["total"] == after["open"]["count"]


async def test_without_a_unit_every_park_and_community_gets_one(harness: ApiHarness) -> None:
    found = await made(harness, "admin", kind="consultation")
    assert {item["grid"]["code"] for item in found} == {PARK, OTHER_PARK, COMMUNITY, OTHER_COMMUNITY}
    first, last = last_period(BulletinKind.CONSULTATION, today())
    assert {(item["period_start"], item["period_end"]) for item in found} == {(str(first), str(last))}


async def test_whom_to_visit_and_whom_to_commend(harness: ApiHarness) -> None:
    [visits] = await made(harness, "supervisor", kind="visits", period=str(today()), grid=PARK)
    content = (await harness.get("supervisor", visits["href"].removeprefix("/api/v1")))["content"]
    [visit] = content["visits"]
    assert (visit["unit"]["code"], visit["overdue"]["count"]) == (MICRO, 3)
    [repeated] = visit["repeated"]
    assert (repeated["category"], repeated["name"]) == ("0201", "欠薪纠纷")
    listed = await harness.http.get(
        f"http://gridloop.test{repeated['reported']['cases']}", headers=harness.signed_in("admin")
    )
    assert listed.json()["total"] == repeated["reported"]["count"] >= 4

    [list_] = await made(harness, "supervisor", kind="commendation", period=str(today()), grid=PARK)
    content = (await harness.get("supervisor", list_["href"].removeprefix("/api/v1")))["content"]
    [merit] = content["people"]
    assert (merit["person"], merit["handled_on_time"]["count"]) == (str(person_id("labour_handler")), 1)
    listed = await harness.http.get(
        f"http://gridloop.test{merit['handled_on_time']['cases']}", headers=harness.signed_in("supervisor")
    )
    assert listed.json()["total"] == 1
    assert [row["place"]["code"] for row in content["units"]["rows"]] == [COMMUNITY]


@pytest.mark.parametrize("kind", list(BulletinKind))
async def test_every_kind_is_a_workbook_that_runs_nothing(harness: ApiHarness, kind: BulletinKind) -> None:
    [item] = await made(harness, "supervisor", kind=kind.value, period=str(today()), grid=COMMUNITY)
    answer = await harness.ask("supervisor", f"{BULLETINS}/{item['id']}/export.xlsx")
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames[0] == "说明"
    assert len(book.sheetnames) > 1
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


async def test_a_bulletin_is_read_only_where_its_place_is_looked_after(harness: ApiHarness) -> None:
    [park] = await made(harness, "supervisor", kind="board", period=str(today()), grid=PARK)
    [community] = await made(harness, "community_supervisor", kind="board", period=str(today()))
    assert community["grid"]["code"] == COMMUNITY
    for reader, statuses in {
        "auditor": (200, 200), "supervisor": (200, 200), "community_supervisor": (404, 200), "other_duty": (404, 404),
        "fire_head": (404, 404), "worker": (403, 403),
    }.items():  # fmt: skip
        answers = [await harness.ask(reader, f"{BULLETINS}/{item['id']}") for item in (park, community)]
        assert tuple(answer.status_code for answer in answers) == statuses, reader
    seen = await harness.get("community_supervisor", BULLETINS, kind="board")
    assert {item["grid"]["code"] for item in seen["items"]} == {COMMUNITY}


async def test_pages_of_bulletins_lose_none(harness: ApiHarness) -> None:
    for back in range(4):
        await made(harness, "supervisor", kind="board", period=str(today() - timedelta(days=back)), grid=PARK)
    whole = await harness.get("supervisor", BULLETINS, kind="board", grid=PARK)
    paged, cursor = [], None
    while True:
        page = await harness.get(
            "supervisor", BULLETINS, kind="board", grid=PARK, limit=1, **({"cursor": cursor} if cursor else {})
        )
        paged += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole["items"]
    assert [item["period_start"] for item in paged] == sorted((i["period_start"] for i in paged), reverse=True)


@pytest.mark.parametrize(
    ("username", "body", "status", "pointer"),
    [
        ("supervisor", {"kind": "gossip"}, 422, "/kind"),
        ("supervisor", {"kind": "board", "period": "2026-13-01"}, 422, "/period"),
        ("supervisor", {"kind": "board", "period": str(today() + timedelta(days=2))}, 422, "/period"),
        ("supervisor", {"kind": "board", "grid": OTHER_PARK}, 404, None),
        ("community_supervisor", {"kind": "board", "grid": PARK}, 403, None),
        ("auditor", {"kind": "board"}, 403, None),
        ("duty", {"kind": "board", "grid": PARK}, 403, None),
        ("worker", {"kind": "board"}, 403, None),
    ],
)  # fmt: skip
async def test_what_can_not_be_made_is_refused(
    harness: ApiHarness, username: str, body: dict[str, str], status: int, pointer: str | None
) -> None:
    answer = await harness.send(username, BULLETINS, body)
    assert answer.status_code == status, answer.text
    assert [fault["pointer"] for fault in answer.json().get("errors", [])] == ([pointer] if pointer else [])


async def test_the_schedules_are_there_once_however_often_the_system_starts(harness: ApiHarness) -> None:
    queue = harness.settings.case_queue
    for _ in range(2):
        await schedule_bulletins(harness.temporal, harness.engine, queue)
    for kind in BulletinKind:
        described = await harness.temporal.get_schedule_handle(schedule_id(kind, queue)).describe()
        assert described.schedule.spec.time_zone_name == "Asia/Shanghai"
        following = described.info.next_action_times[0].astimezone(UTC) + timedelta(hours=8)
        assert following.hour == 8
        assert last_period(kind, following.date())[1] == following.date() - timedelta(days=1)
        await harness.temporal.get_schedule_handle(schedule_id(kind, queue)).delete()


async def test_a_schedule_makes_the_bulletins_of_the_period_that_is_over(harness: ApiHarness) -> None:
    queue = harness.settings.case_queue
    await schedule_bulletins(harness.temporal, harness.engine, queue)
    handle = harness.temporal.get_schedule_handle(schedule_id(BulletinKind.BOARD, queue))
    await handle.trigger()
    yesterday = str(today() - timedelta(days=1))
    for _ in range(200):
        page = await harness.get("auditor", BULLETINS, kind="board", grid=OTHER_PARK)
        if page["items"]:
            break
    assert [item["period_start"] for item in page["items"]] == [yesterday]
    for kind in BulletinKind:
        await harness.temporal.get_schedule_handle(schedule_id(kind, queue)).delete()


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("board", date(2026, 2, 28), date(2026, 2, 28), date(2026, 2, 28)),
        ("visits", date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 22)),
        ("visits", date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 3)),
        ("consultation", date(2028, 2, 11), date(2028, 2, 1), date(2028, 2, 29)),
        ("consultation", date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
        ("commendation", date(2026, 11, 22), date(2026, 10, 1), date(2026, 12, 31)),
        ("commendation", date(2026, 3, 31), date(2026, 1, 1), date(2026, 3, 31)),
    ],
)
async def test_the_period_of_a_day(kind: str, day: date, first: date, last: date) -> None:
    assert period_of(BulletinKind(kind), day) == (first, last)
    assert last_period(BulletinKind(kind), last + timedelta(days=1)) == (first, last)
