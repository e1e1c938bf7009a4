"""Lists and inboxes: what each filter leaves, in which order, and page after page nothing twice and nothing lost."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from models.commands import (
    Accept,
    Claim,
    Complete,
    Dispatch,
    GrantSuspension as Grant,
    PassReview,
    Reject,
    RequestInfo,
    RequestSuspension,
)
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, GRID, LABOUR, MICRO, MICRO_2, OTHER_MICRO, OTHER_PARK, PARK, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)
#: Clock limits in the tiny park: accept 2 h, dispatch 4 h, handle 72 h, review 24 h.
MANY = 57


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("lists")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gallery(harness: ApiHarness) -> dict[str, str]:
    """A case of every kind, by a name that its title bears."""
    now = datetime.now(UTC)
    accept, to_labour = ("duty", Accept()), ("duty", Dispatch(host=LABOUR))
    claim, complete = ("labour_handler", Claim()), ("labour_handler", Complete(result="已处理"))
    until = now + timedelta(days=9)
    made: dict[str, tuple[timedelta, Sequence[Any], dict[str, Any]]] = {
        "fresh": (0.1 * HOUR, (), {}),
        "hurried": (1.8 * HOUR, (), {"category": "0103", "grid": MICRO_2}),
        "late": (5 * HOUR, (), {"description": "废水流入50%_河道"}),
        "asked": (1 * HOUR, (("duty", RequestInfo(question="何处", answer_by=until)),), {}),
        "accepted": (0.5 * HOUR, (accept,), {"grid": GRID}),
        "handled": (2 * HOUR, (accept, to_labour), {}),
        "claimed": (70.5 * HOUR, (accept, to_labour, claim), {}),
        "suspended": (
            3 * HOUR,
            (
                accept, to_labour, ("labour_handler", RequestSuspension(until=until, reason="等待材料")),
                ("supervisor", Grant()),
            ),
            {},
        ),
        "reviewed": (4 * HOUR, (accept, to_labour, claim, complete), {"grid": COMMUNITY, "by": "duty"}),
        "closed": (6 * HOUR, (accept, to_labour, claim, complete, ("reviewer", PassReview())), {}),
        "rejected": (200 * HOUR, (("duty", Reject(reason="非本园", right_channel="12345")),), {"category": "0302"}),
        "elsewhere": (0.2 * HOUR, (), {"grid": OTHER_MICRO, "by": "other_duty"}),
    }  # fmt: skip
    return {
        name: await harness.past(now - ago, *commands, title=f"件 {name}", **fields)
        for name, (ago, commands, fields) in made.items()
    }


def names(gallery: dict[str, str], items: list[Any]) -> list[str]:
    """The gallery's names of the cases on a page."""
    known = {case_no: name for name, case_no in gallery.items()}
    return [known[item["case_no"]] for item in items if item["case_no"] in known]


EVERYTHING = {
    "fresh", "hurried", "late", "asked", "accepted", "handled", "claimed", "suspended", "reviewed", "closed",
    "rejected", "elsewhere",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({}, EVERYTHING),
        ({"stage": "receive"}, {"fresh", "hurried", "late", "asked", "elsewhere"}),
        ({"stage": ["dispatch", "review"]}, {"accepted", "reviewed"}),
        ({"stage": "closed"}, {"closed", "rejected"}),
        ({"light": "green"}, {"fresh", "accepted", "handled", "reviewed", "elsewhere"}),
        ({"light": "yellow"}, {"hurried", "claimed"}),
        ({"light": "red"}, {"late"}),
        ({"light": "grey"}, {"asked", "suspended"}),
        ({"overdue": "true"}, {"late"}),
        ({"overdue": "false"}, EVERYTHING - {"late"}),
        ({"grid": PARK}, EVERYTHING - {"elsewhere"}),
        ({"grid": OTHER_PARK}, {"elsewhere"}),
        ({"grid": GRID}, EVERYTHING - {"elsewhere", "reviewed"}),
        ({"grid": MICRO_2}, {"hurried"}),
        ({"grid": "999999999"}, set()),
        ({"category": "0103"}, {"hurried"}),
        ({"category": "03"}, {"rejected"}),
        ({"department": LABOUR}, {"handled", "claimed", "suspended", "reviewed", "closed"}),
        ({"department": "fire"}, set()),
        ({"owner": LABOUR}, {"handled", "suspended"}),
        ({"owner": str(person_id("labour_handler"))}, {"claimed"}),
        ({"owner": PARK}, {"reviewed"}),
        ({"q": "hurr"}, {"hurried"}),
        ({"q": "HURR"}, {"hurried"}),
        ({"q": "50%_河"}, {"late"}),
        ({"q": "5_%"}, set()),
        ({"q": "rejected", "stage": "receive"}, set()),
        ({"stage": "receive", "grid": MICRO, "light": "grey"}, {"asked"}),
    ],
)
async def test_a_filter_keeps_matching_cases(
    harness: ApiHarness, gallery: dict[str, str], wanted: dict[str, Any], left: set[str]
) -> None:
    page = await harness.get("admin", "/cases", **wanted, limit=200)
    assert set(names(gallery, page["items"])) == left
    assert len(page["items"]) == page["total"]
    if "grid" in wanted or "q" in wanted:
        assert page["total"] == len(left)


async def test_the_lights_of_a_list_are_those_it_was_filtered_by(harness: ApiHarness, gallery: dict[str, str]) -> None:
    for light in ("green", "yellow", "red", "grey"):
        page = await harness.get("admin", "/cases", light=light)
        assert {item["light"] for item in page["items"]} == {light}


async def test_a_case_is_found_by_its_number(harness: ApiHarness, gallery: dict[str, str]) -> None:
    page = await harness.get("admin", "/cases", q=gallery["late"])
    assert names(gallery, page["items"]) == ["late"]
    (line,) = page["items"]
    view = await harness.get("admin", f"/cases/{gallery['late']}")
    line.pop("left")  # it has run on meanwhile
    assert line.items() <= {**view, "grid": view["grid"]["code"], "grid_name": view["grid"]["name"]}.items()


async def test_the_days_of_a_list_begin_and_end_exactly(harness: ApiHarness, gallery: dict[str, str]) -> None:
    moment = (await harness.get("admin", f"/cases/{gallery['handled']}"))["reported_at"]
    since = await harness.get("admin", "/cases", reported_from=moment, q="件 ")
    before = await harness.get("admin", "/cases", reported_to=moment, q="件 ")
    later = {"fresh", "hurried", "asked", "accepted", "elsewhere"}
    assert set(names(gallery, since["items"])) == later | {"handled"}
    assert set(names(gallery, before["items"])) == EVERYTHING - later - {"handled"}


@pytest.mark.parametrize("sort", ["reported_at", "due_at", "updated_at"])
async def test_a_list_is_sorted_both_ways(harness: ApiHarness, gallery: dict[str, str], sort: str) -> None:
    up = (await harness.get("admin", "/cases", sort=sort, q="件 "))["items"]
    down = (await harness.get("admin", "/cases", sort=f"-{sort}", q="件 "))["items"]
    views = {no: await harness.get("admin", f"/cases/{no}") for no in gallery.values()}
    if sort == "updated_at":
        facts = {no: await harness.get("admin", f"/cases/{no}/facts") for no in gallery.values()}
        key = {no: facts[no][-1]["at"] for no in gallery.values()}
    else:
        key = {no: views[no][sort] for no in gallery.values()}
    for items, backwards in ((up, False), (down, True)):
        numbers = [item["case_no"] for item in items]
        dated = [no for no in numbers if key[no] is not None]
        assert dated == sorted(dated, key=lambda no: key[no], reverse=backwards)
        assert numbers[: len(dated)] == dated, "those without a deadline come last, whichever way"
        assert set(numbers) == set(gallery.values())
    assert (sort == "due_at") == any(moment is None for moment in key.values())


async def test_the_newest_report_comes_first_unless_said_otherwise(
    harness: ApiHarness, gallery: dict[str, str]
) -> None:
    page = await harness.get("admin", "/cases", q="件 ")
    asked = await harness.get("admin", "/cases", q="件 ", sort="-reported_at")
    assert [item["case_no"] for item in page["items"]] == [item["case_no"] for item in asked["items"]]
    assert names(gallery, page["items"])[0] == "fresh"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crowd(harness: ApiHarness) -> list[str]:
    """More cases than a page holds; many share the very moment they were reported."""
    start = datetime.now(UTC) - 1.5 * HOUR
    numbers = [await harness.past(start + timedelta(minutes=n // 10), title=f"群 {n}") for n in range(MANY - 4)]
    closing = ("duty", Reject(reason="重复", right_channel="无"))
    return numbers + [await harness.past(start, closing, title=f"群 {n}") for n in range(4)]


@pytest.mark.parametrize("sort", ["-reported_at", "reported_at", "due_at", "-due_at", "-updated_at"])
@pytest.mark.parametrize("limit", [7, 50])
async def test_page_after_page_nothing_twice_and_nothing_lost(
    harness: ApiHarness, crowd: list[str], sort: str, limit: int
) -> None:
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await harness.get("admin", "/cases", q="群 ", sort=sort, limit=limit, **cursor)
        assert page["total"] == MANY
        assert len(page["items"]) <= limit
        seen += [item["case_no"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == limit
        cursor = {"cursor": page["next_cursor"]}
    assert len(seen) == MANY
    assert set(seen) == set(crowd)
    whole = await harness.get("admin", "/cases", q="群 ", sort=sort, limit=200)
    assert [item["case_no"] for item in whole["items"]] == seen


async def test_a_page_holds_fifty_unless_said_otherwise(harness: ApiHarness, crowd: list[str]) -> None:
    page = await harness.get("admin", "/cases", q="群 ")
    assert len(page["items"]) == 50
    exact = await harness.get("admin", "/cases", q="群 ", limit=MANY)
    assert (len(exact["items"]), exact["next_cursor"]) == (MANY, None)


@pytest.mark.parametrize(("counted", "told"), [(MANY - 1, (MANY - 1, True)), (MANY, (MANY, False))])
async def test_no_more_cases_are_counted_than_a_list_needs(
    harness: ApiHarness, crowd: list[str], monkeypatch: pytest.MonkeyPatch, counted: int, told: tuple[int, bool]
) -> None:
    monkeypatch.setattr("services.cases.lists.COUNTED", counted)
    page = await harness.get("admin", "/cases", q="群 ", limit=1)
    assert (page["total"], page["total_is_minimum"]) == told


async def test_what_comes_in_meanwhile_does_not_shift_the_pages(harness: ApiHarness) -> None:
    start = datetime.now(UTC) - HOUR
    there = [await harness.past(start + timedelta(minutes=n), title=f"页 {n}") for n in range(6)]
    first = await harness.get("admin", "/cases", q="页 ", limit=3)
    await harness.past(datetime.now(UTC), title="页 newcomer")
    rest = await harness.get("admin", "/cases", q="页 ", limit=3, cursor=first["next_cursor"])
    assert [item["case_no"] for item in (*first["items"], *rest["items"])] == there[::-1]


# --- the inbox --------------------------------------------------------------------------------------------------------


async def test_an_inbox_holds_ones_own_tasks_the_most_urgent_first(
    harness: ApiHarness, gallery: dict[str, str]
) -> None:
    tasks = [item for item in await harness.get("duty", "/inbox") if item["case"]["title"].startswith("件 ")]
    told = [(item["task"], names(gallery, [item["case"]])) for item in tasks]
    accepts = [("accept", [name]) for name in ("late", "hurried", "fresh")]
    assert [entry for entry in told if entry in accepts] == accepts
    assert ("dispatch", ["accepted"]) in told
    assert told.index(("accept", ["hurried"])) < told.index(("dispatch", ["accepted"]))
    assert not {name for _, (name, *_) in ((t, n) for t, n in told if n)} & {"handled", "reviewed", "elsewhere"}
    dues = [item["due_at"] for item in await harness.get("duty", "/inbox")]
    dated = [due for due in dues if due is not None]
    assert dated == sorted(dated)
    assert dues[: len(dated)] == dated, "tasks without a deadline come last"
    assert len(dated) < len(dues)


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        ("labour_handler", {("handle", "handled"), ("handle", "suspended"), ("handle", "claimed")}),
        ("labour_head", {("handle", "handled"), ("handle", "suspended")}),
        ("fire_handler", set()),
        ("reviewer", {("review", "reviewed")}),
        ("other_duty", {("accept", "elsewhere")}),
        ("auditor", set()),
        ("worker", {("supply_info", "asked")}),
    ],
)
async def test_each_has_an_inbox_of_their_own(
    harness: ApiHarness, gallery: dict[str, str], username: str, expected: set[tuple[str, str]]
) -> None:
    items = [item for item in await harness.get(username, "/inbox") if item["case"]["title"].startswith("件 ")]
    assert {(item["task"], name) for item in items for name in names(gallery, [item["case"]])} == expected


async def test_a_task_done_leaves_the_inbox(harness: ApiHarness) -> None:
    no = (await harness.report(title="收件"))["case_no"]

    async def mine(username: str) -> list[str]:
        return [i["task"] for i in await harness.get(username, "/inbox") if i["case"]["case_no"] == no]

    assert await mine("duty") == ["accept"]
    await harness.do("duty", no, "accept")
    assert await mine("duty") == ["dispatch"]
    await harness.do("duty", no, "dispatch", host=LABOUR)
    assert (await mine("duty"), await mine("labour_handler")) == ([], ["handle"])
