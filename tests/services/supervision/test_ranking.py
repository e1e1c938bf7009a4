"""Rankings of people for those who lead them: whose case it is, the same formula, lists of exactly their cases."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from infra.store.context import read_person
from models.commands import Accept, Claim, Complete, Dispatch, PassReview
from services.figures.viewpoint import read_viewpoint
from services.supervision.past_ranks import Standing, compare_standings
from services.supervision.ranking import RankingFilter, read_ranking
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, ENVIRONMENT, LABOUR, OTHER_COMMUNITY, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

SINCE = "2026-01-01T00:00:00Z"
HOUR = timedelta(hours=1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """Cases of two departments: claimed and late; completed without a claim; claimed by one, completed by another."""
    async with open_harness(servers, tmp_path_factory.mktemp("people")) as opened:
        now = datetime.now(UTC)
        to_labour: Any = (("duty", Accept()), ("duty", Dispatch(host=LABOUR)))
        to_environment: Any = (("duty", Accept()), ("duty", Dispatch(host=ENVIRONMENT)))
        claim: Any = ("labour_handler", Claim())
        done: Any = ("labour_handler", Complete(result="已处理"))
        await opened.past(now - 100 * HOUR, *to_labour, claim)
        await opened.past(now - 200 * HOUR, *to_labour, claim, done, ("reviewer", PassReview()))
        await opened.past(now - 190 * HOUR, *to_labour, done, ("reviewer", PassReview()))
        await opened.past(now - 180 * HOUR, *to_labour, claim, ("labour_head", Complete(result="代办")))
        await opened.past(now - 170 * HOUR, *to_labour)
        await opened.past(now - 160 * HOUR, *to_environment, ("environment_handler", Claim()), category="0302")
        yield opened


async def ranked(harness: ApiHarness, username: str, **more: Any) -> Any:
    return await harness.get(username, "/supervision/ranking", by="person", **{"from": SINCE, "least_cases": 0, **more})


def by_code(found: Any) -> dict[str, Any]:
    return {row["place"]["code"]: row for row in found["rows"]}


async def test_a_case_is_of_who_completed_it_else_of_its_claimant(harness: ApiHarness) -> None:
    rows = by_code(await ranked(harness, "supervisor"))
    handled = {code: row["indicators"][0] for code, row in rows.items()}
    rates = {code: (value["numerator"], value["denominator"]) for code, value in handled.items()}
    assert rates == {
        str(person_id("labour_handler")): (2, 3),
        str(person_id("labour_head")): (1, 1),
        str(person_id("environment_handler")): (0, 1),
    }


@pytest.mark.parametrize("reader", ["supervisor", "community_supervisor", "labour_head"])
async def test_both_sides_and_what_was_missed_open_exactly_their_cases(harness: ApiHarness, reader: str) -> None:
    found = await ranked(harness, reader)
    assert found["rows"]
    for row in found["rows"]:
        for value in row["indicators"]:
            sides = [(value["numerator"], value["cases"]), (value["denominator"], value["denominator_cases"])]
            if value["missed"] is not None:
                assert value["missed"] == value["denominator"] - value["numerator"]
                sides.append((value["missed"], value["missed_cases"]))
            for count, href in sides:
                listed = await harness.http.get(f"http://gridloop.test{href}", headers=harness.signed_in(reader))
                assert listed.json()["total"] == count, (value["key"], href)


async def test_a_head_sees_the_people_of_their_department_alone(harness: ApiHarness) -> None:
    rows = by_code(await ranked(harness, "labour_head"))
    assert set(rows) == {str(person_id("labour_handler")), str(person_id("labour_head"))}


@pytest.mark.parametrize("reader", ["auditor", "admin", "duty", "labour_handler", "worker"])
async def test_a_person_who_leads_nobody_is_refused(harness: ApiHarness, reader: str) -> None:
    answer = await harness.ask(reader, "/supervision/ranking", by="person")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    listed = await harness.get(reader, "/cases", handler=str(person_id("labour_handler")))
    assert listed["total"] == 0, "nor by the list behind it"


async def test_other_units_have_nobody_to_rank(harness: ApiHarness) -> None:
    found = await harness.ask("community_supervisor", "/supervision/ranking", by="person", grid=OTHER_COMMUNITY)
    assert found.status_code == 404


async def test_too_few_cases_are_listed_without_a_rank(harness: ApiHarness) -> None:
    rows = by_code(await ranked(harness, "supervisor", least_cases=2))
    assert rows[str(person_id("labour_handler"))]["rank"] == 1
    assert rows[str(person_id("labour_head"))]["rank"] is None


async def test_without_requires_a_figure(harness: ApiHarness) -> None:
    answer = await harness.ask("supervisor", "/cases", without="handled")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/figure")
    answer = await harness.ask("supervisor", "/cases", handler="me")
    assert answer.status_code == 422


async def test_standings_in_earlier_periods(harness: ApiHarness) -> None:
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id("supervisor"))
        viewpoint = await read_viewpoint(connection, person, datetime.now(UTC), "zh")
        days = viewpoint.days(viewpoint.day - timedelta(days=400), viewpoint.day)
        ranking_filter = RankingFilter.model_validate(
            {"by": "department", "from": days.since, "to": viewpoint.now, "least_cases": 0, "grid": COMMUNITY}
        )
        now = await read_ranking(connection, viewpoint, ranking_filter)
        same = [(viewpoint.day - timedelta(days=400), viewpoint.day), (date(2020, 1, 1), date(2020, 1, 31))]
        found = await compare_standings(connection, viewpoint, ranking_filter, now, same)
    ranks = {row.place.code: row.rank for row in now.rows}
    points = {row.place.code: row.score.points for row in now.rows if row.score}
    assert found == {
        code: Standing(change=0 if rank else None, before=rank, points=(points[code],) * 2 if code in points else ())
        for code, rank in ranks.items()
    }
    assert 1 in ranks.values()
