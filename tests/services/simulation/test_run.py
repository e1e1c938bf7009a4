"""Simulations as a service: files of reports, recorded facts, rosters, and their results."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.store.cases import append_facts
from models.commands import Accept, Dispatch
from models.enums import Level, Severity, Stage
from models.policy.document import Policy
from rules.evolve import evolve
from services.files.service_requests import Row
from services.files.shipped import DEPLOY, POLICY
from services.policies.files import read_policy
from services.reports.import_mapping import Mapping, Place
from services.simulation.page import render_page
from services.simulation.reports import Places, read_reports
from services.simulation.results import Result
from services.simulation.rosters import read_roster_from_files
from services.simulation.run import CannotSimulate, Choice, check_choice, read_choices, simulate_facts, simulate_reports
from tests.builders import FIRE, PARK, publish, small_park
from tests.rules.calendars import at
from tests.rules.simulation.test_replay import halved, wait
from tests.rules.world import Life
from tests.timed import a_timed_policy

NOW = at("2026-06-01T12:00").astimezone(UTC)
MAPPING = Mapping(
    system="test",
    services={"Lamp": "0506", "Rubbish": "0501"},
    place=Place(west=0, south=50, east=1, north=51),
)
KNOWN: dict[str, Any] = {
    "service_code": "Lamp", "title": "Lamp out", "lat": 50.5, "long": 0.5,
    "requested_datetime": "2026-03-02T01:00:00+00:00",
}  # fmt: skip


def rows(*records: dict[str, Any]) -> list[Row]:
    return [(n, {"service_request_id": n, **KNOWN, **record}) for n, record in enumerate(records, 1)]


@pytest.fixture(scope="module")
def places() -> Places:
    return Places()


@pytest.fixture(scope="module")
def demo() -> Policy:
    return read_policy(POLICY)


def closing(hours: float) -> dict[str, Any]:
    return {"last_listed_open": (datetime(2026, 3, 2, 1, tzinfo=UTC) + timedelta(hours=hours)).isoformat()}


def reported(policies: Sequence[Policy], found: list[Row], **more: Any) -> Result:
    choices = [Choice(f"{n}.yaml", policy) for n, policy in enumerate(policies)]
    return simulate_reports(choices, found, MAPPING, source="requests.json", now=NOW, **more)


def test_a_report_is_a_clock_from_opening_to_closing_at_its_micro_grid(places: Places) -> None:
    reports = read_reports(rows(closing(5), {}), MAPPING, places, NOW)
    closed, still_open = reports.clocks
    assert closed.stage is Stage.HANDLE
    assert closed.category == "0506"
    assert closed.ended_at is not None
    assert closed.ended_at - closed.started_at == timedelta(hours=5)
    assert len(closed.grid_path) == Level.MICRO_GRID
    assert closed.grid_path[0] == PARK
    assert still_open.ended_at is None
    assert (reports.still_open, reports.rejected) == (1, [])


def test_points_are_found_as_the_park_draws_them(places: Places) -> None:
    west, south, east, north = places.box
    inside, corner, outside = places.paths_at([((west + east) / 2, (south + north) / 2), (west, south), (0.0, 0.0)])
    assert inside is not None
    assert corner is not None
    assert outside is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"service_code": "Dragons"}, "service_code: no category is mapped for “Dragons”"),
        ({"requested_datetime": "noon"}, "requested_datetime: “noon” is no time"),
        ({"last_listed_open": "later"}, "last_listed_open: “later” is no time"),
        ({"last_listed_open": "2026-03-01T00:00:00Z"}, "closed 2026-03-01T00:00:00+00:00, before it was opened"),
        ({"requested_datetime": "2027-01-01T00:00:00Z"}, "lies in the future"),
        ({"lat": 70}, "lies outside the mapping's place"),
        ({"lat": None}, "no place"),
        ({"service_request_id": ""}, "service_request_id: missing"),
        ({"service_request_id": 1}, "service_request_id: 1 is in row 1 already"),
        ({"title": " ", "service_code": "Lamp"}, "title: "),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_left_out(places: Places, record: dict[str, Any], reason: str) -> None:
    reports = read_reports(rows({}, record, {}), MAPPING, places, NOW)
    (rejected,) = reports.rejected
    assert rejected.row == 2
    assert reason in rejected.en
    assert re.search(r"[\u4e00-\u9fff]", rejected.zh)
    assert len(reports.clocks) == 2


def test_closing_times_are_read_from_the_columns_of_open311(places: Places) -> None:
    found = rows(
        {"closed_date": "2026-03-02T02:00:00Z", "last_listed_open": "2026-03-05T02:00:00Z"},
        {"status": "closed", "updated_datetime": "2026-03-02T03:00:00Z"},
        {"status": "open", "updated_datetime": "2026-03-02T03:00:00Z"},
        {"done": "2026-03-02T12:00"},
    )
    ends = [clock.ended_at for clock in read_reports(found, MAPPING, places, NOW).clocks]
    assert ends == [datetime(2026, 3, 2, 2, tzinfo=UTC), datetime(2026, 3, 2, 3, tzinfo=UTC), None, None]
    (*_, named) = read_reports(found, MAPPING, places, NOW, closed_at="done").clocks
    assert named.ended_at == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_policies_are_compared_side_by_side(demo: Policy) -> None:
    """A lamp has 3 workdays, to Thursday 18:00, or half of them, 12 work hours, to Tuesday 14:30."""
    half = read_policy(DEPLOY / "policies" / "demo-half.yaml")
    result = reported([demo, half], rows(closing(20), closing(40), closing(24 * 9), {"service_code": "?"}))
    one, other = result.policies
    assert (result.cases, result.clocks, result.still_running, result.rejected) == (3, 3, 0, 1)
    assert (one.letter, one.label, one.clocks, one.missed, one.cases_missed) == ("A", "0.yaml", 3, 1, 1)
    assert (other.missed, [share.key for share in other.stages]) == (2, ["handle"])
    assert [(share.key, share.clocks, share.missed) for share in one.groups] == [("05", 3, 1)]
    assert sum(share.clocks for share in one.units) == 3
    (comparison,) = result.comparisons
    assert (comparison.only_first, comparison.only_second, comparison.missed_under_both) == (0, 1, 1)
    (changed,) = comparison.only_second_examples
    assert changed.case == "2"
    assert changed.due_at == (at("2026-03-05T18:00"), at("2026-03-03T14:30"))
    assert changed.missed == (False, True)
    load = {loaded.id: loaded for loaded in one.load}
    assert load["urban"].given == 3
    assert "机械" in result.mechanical_zh
    assert "immediate" in result.replayed_en


def test_a_category_that_a_policy_lacks_is_not_covered_by_it(demo: Policy) -> None:
    kept = [c for c in demo.categories if c.code != "0506"]
    lacking = demo.model_copy(update={"categories": tuple(kept)})
    result = reported([demo, lacking], rows(closing(200), {"service_code": "Rubbish", **closing(200)}))
    assert [policy.not_covered for policy in result.policies] == [{}, {"0506": 1}]
    assert [policy.clocks for policy in result.policies] == [2, 1]
    assert result.comparisons[0].changed_cases == 0, "what is not covered does not change"


def test_one_policy_has_nothing_to_compare_with(demo: Policy) -> None:
    assert reported([demo], rows({})).comparisons == ()


def test_a_bad_row_stops_a_strict_run_without_a_result(demo: Policy) -> None:
    with pytest.raises(CannotSimulate, match=r"1 row\(s\) can't be used, first row 2 \(2\): lat, long: no place"):
        reported([demo], rows({}, {"lat": None}), strict=True)
    with pytest.raises(CannotSimulate, match="first row 1"):
        reported([demo], rows({"lat": None}))
    with pytest.raises(CannotSimulate, match="nothing to simulate"):
        reported([demo], [])


def test_one_to_four_policies(demo: Policy) -> None:
    for names in ([], ["x"] * 5):
        with pytest.raises(CannotSimulate):
            check_choice(names)
    check_choice(["x"] * 4)


def test_the_files_roster_knows_who_holds_what(places: Places, tmp_path: Path) -> None:
    roster, names = read_roster_from_files(places, NOW.date())
    assert {holder.role.value for holder in roster.holders[PARK]} >= {"supervisor", "duty_officer", "reviewer"}
    assert roster.departments["urban"]
    assert names.people[roster.people["leader"]] == "冯春宁"
    people = tmp_path / "people.yaml"
    ended = f'{{role: supervisor, grid: "{PARK}", until: 2025-01-01}}'
    people.write_text(f"since: 2024-01-01\npeople:\n  - {{username: u, name: 新人, grants: [{ended}]}}\n")
    roster, _ = read_roster_from_files(places, NOW.date(), people)
    assert (roster.holders, list(roster.people)) == ({}, ["u"]), "a grant that has ended holds no longer"


def test_without_a_fallback_owner_on_the_roster_nobody_is_left(demo: Policy, tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text("since: 2024-01-01\npeople: []\n")
    (policy,) = reported([demo], rows(closing(24 * 30)), people=people).policies
    assert (policy.fallback_known, policy.left_to_fallback, policy.left_to_nobody) == (False, 0, 1)
    assert {vacant.role.value for vacant in policy.vacancies} >= {"supervisor", "handler"}


# --- recorded facts -------------------------------------------------------------------------------------------------


async def record(engine: AsyncEngine, *lives: Life) -> None:
    """Store recorded lives as the recording step does."""
    async with transaction(engine) as connection:
        for life in lives:
            case = None
            for fact in life.facts:
                after = evolve(case, fact)
                await append_facts(connection, case, [fact], after)
                case = after


def life(start: datetime, days: int, number: int) -> Life:
    found = Life(a_timed_policy(), at=start, severity=Severity.ORDINARY, report_id=uuid4())
    first = found.facts[0]
    no = f"13017210020260302{number:07}"
    found.facts[0] = first.model_copy(update={"body": first.body.model_copy(update={"case_no": no})})
    found.case = found.case.model_copy(update={"case_no": no})
    found.do("community_duty", Accept())
    found.do("community_duty", Dispatch(host=FIRE))
    wait(found, start + timedelta(days=days))
    return found


@pytest.fixture
async def stored(engine: AsyncEngine) -> AsyncEngine:
    await small_park(engine)
    async with transaction(engine) as connection:
        await publish(connection, a_timed_policy(), 2)
        await publish(connection, halved(), 3)
    await record(engine, life(at("2026-03-02T09:00"), 4, 1), life(at("2026-03-09T09:00"), 0, 2))
    return engine


async def test_recorded_facts_run_through_published_versions(stored: AsyncEngine) -> None:
    seen: list[tuple[int, int]] = []
    now = at("2026-03-09T16:00")  # the second case has been handled for 5.5 work hours
    result = await simulate_facts(
        stored, ["v2", "v3"], source="facts", now=now, progress=lambda done, of: seen.append((done, of))
    )
    one, other = result.policies
    # For each case: receive, dispatch, handle (still running), and the whole, which these policies don't limit.
    assert (result.cases, result.clocks, result.still_running) == (2, 8, 4)
    assert (one.label, one.clocks, one.missed) == ("v2", 6, 1)
    assert (other.label, other.clocks, other.missed) == ("v3", 6, 2)
    assert [(share.key, share.clocks, share.missed) for share in one.stages] == [
        ("receive", 2, 0), ("dispatch", 2, 0), ("handle", 2, 1),
    ]  # fmt: skip
    (changed,) = result.comparisons[0].only_second_examples
    assert changed.case.endswith("2")
    assert changed.ended_at is None
    names = {loaded.name for loaded in one.load}
    assert names >= {"消防救援大队", "社区受理员"}
    assert seen[-1] == (2, 2)


async def test_breaches_and_steps_are_those_on_record(stored: AsyncEngine) -> None:
    """Under the policy of the day, up to the time of the last fact, the simulation equals the record."""
    async with stored.connect() as connection:
        counted = text("SELECT count(*) FROM facts WHERE kind = :kind")
        overdue = await connection.scalar(counted, {"kind": "overdue"})
        vacancies = await connection.scalar(
            text("SELECT sum(jsonb_array_length(body -> 'vacancies')) FROM facts WHERE kind = 'step_fired'")
        )
    (policy,) = (await simulate_facts(stored, ["v2"], source="", now=at("2026-03-06T09:00"))).policies
    assert policy.missed == overdue == 1
    assert sum(vacant.times for vacant in policy.vacancies) == vacancies


async def test_a_case_with_a_gap_in_its_facts_is_left_out_and_named(stored: AsyncEngine) -> None:
    damaged = life(at("2026-03-02T09:00"), 4, 3)
    first, after = damaged.facts[0], evolve(None, damaged.facts[0])
    async with transaction(stored) as connection:
        await append_facts(connection, None, [first], after)
        await append_facts(connection, after, [damaged.facts[2]], damaged.case)
    result = await simulate_facts(stored, ["v2"], source="", now=NOW)
    assert (result.cases, result.rejected) == (2, 1)
    assert "fact 3 came where 2 was due" in result.rejected_rows[0].reason
    with pytest.raises(CannotSimulate):
        await simulate_facts(stored, ["v2"], source="", now=NOW, strict=True)


async def test_an_unknown_version_and_an_empty_store_are_refused(engine: AsyncEngine) -> None:
    await small_park(engine)
    async with engine.connect() as connection:
        with pytest.raises(CannotSimulate, match="version 9 was never published"):
            await read_choices(["v9"], connection)
    (choice,) = await read_choices([str(POLICY)], None)
    assert choice.label == "demo.yaml"
    with pytest.raises(CannotSimulate, match="nothing to simulate"):
        await simulate_facts(engine, ["v1"], source="", now=NOW)


async def test_a_simulation_only_reads(stored: AsyncEngine) -> None:
    async def everything() -> list[Any]:
        async with stored.connect() as connection:
            queries = ("SELECT * FROM facts ORDER BY report_id, seq", "SELECT * FROM cases ORDER BY report_id")
            return [tuple((await connection.execute(text(query))).all()) for query in queries]

    before = await everything()
    await simulate_facts(stored, ["v2", "v3"], source="", now=NOW)
    assert await everything() == before


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_escapes_its_content_and_fetches_nothing(demo: Policy) -> None:
    half = demo.model_copy(update={"name": "<script>alert(1)</script>"})
    result = reported([demo, half], rows(closing(20), closing(300), {"lat": "<img src=x>"}))
    html = render_page(result)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "http" not in html.replace('http-equiv="Content-Security-Policy"', "")
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html
    assert "机械推演" in html
    assert "people would have behaved differently" in html
    for chart in html.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + chart.split("</svg>")[0] + "</svg>")


def test_every_figure_is_json(demo: Policy) -> None:
    told = json.loads(reported([demo, demo], rows(closing(20), closing(300))).model_dump_json())
    assert told["mechanical_en"].startswith("Mechanical")
    assert [policy["letter"] for policy in told["policies"]] == ["A", "B"]
    assert {"clocks", "missed", "stages", "groups", "units", "escalations", "load", "vacancies"} <= set(
        told["policies"][0]
    )
