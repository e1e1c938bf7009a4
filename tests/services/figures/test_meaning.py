"""What belongs to each figure: due and not yet due, on time and late, exempt, suspended, merged, done after the end."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.store.cases import append_facts
from models.enums import Outcome, Severity, Stage
from models.facts import Received
from models.figures import FigureKey, IndicatorKey
from models.ids import new_id
from models.tables import CASES, FACTS
from rules.evolve import fold
from rules.scoring import percent
from services.figures.conditions import Period
from services.figures.count import count_figures
from services.figures.definitions import figure_condition
from services.figures.viewpoint import read_viewpoint
from services.supervision.ranking import RankingFilter, read_ranking
from tests.builders import COMMUNITY, FIRE, MICRO, PARK, small_park
from tests.rules.world import EVERYBODY, Life, usual_policy

K = FigureKey
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
NOW = datetime(2026, 12, 5, tzinfo=UTC)
DAY = timedelta(days=1)
_numbers = count()

#: A good case: reported, accepted, dispatched, handled and closed in November, each on time.
GOOD: dict[str, Any] = {
    "reported_at": SINCE + DAY,
    "accepted_at": SINCE + DAY,
    "dispatched_at": SINCE + DAY,
    "handle_due_at": SINCE + 9 * DAY,
    "handled_at": SINCE + 5 * DAY,
    "close_due_at": SINCE + 10 * DAY,
    "closed_at": SINCE + 6 * DAY,
    "due_at": None,
    "overdue_at": None,
    "whole_due_at": None,
    "stage": Stage.CLOSED,
    "outcome": Outcome.SOLVED,
    "severity": Severity.ORDINARY,
    "late_stages": [],
    "failed_reviews": 0,
    "returns": 0,
    "extended": False,
    "exempt": False,
    "consultation_at": None,
    "grid": MICRO,
    "grid_path": f"{PARK}.{COMMUNITY}.{COMMUNITY}001.{MICRO}",
    "host": FIRE,
    "departments": [FIRE],
    "owner_kind": "department",
}
#: A case still with the department: neither handled nor closed, its deadline passed.
UNHANDLED: dict[str, Any] = {
    "handled_at": None, "closed_at": None, "outcome": None, "stage": Stage.HANDLE, "due_at": SINCE + 9 * DAY,
    "close_due_at": SINCE + 9 * DAY,
}  # fmt: skip


async def a_case(connection: AsyncConnection, **changed: Any) -> str:
    """Insert a case with these columns, otherwise a good one, and return its number."""
    first = Life(usual_policy()).facts[0]
    assert isinstance(first.body, Received)
    facts = (first.model_copy(update={"body": first.body.model_copy(update={"case_no": f"case-{next(_numbers)}"})}),)
    case = fold(facts)
    assert case is not None
    await append_facts(connection, None, facts, case)
    await connection.execute(update(CASES).where(CASES.c.report_id == case.report_id).values({**GOOD, **changed}))
    return case.case_no


async def figures_of(connection: AsyncConnection, case_no: str, period: Period | None = None) -> set[FigureKey]:
    """Return the figures that the case belongs to."""
    asked_period = period or Period(SINCE, UNTIL, NOW)
    keys = set()
    for key in FigureKey:
        mine = select(CASES.c.case_no).where(CASES.c.case_no == case_no, figure_condition(key, asked_period))
        if (await connection.execute(mine)).one_or_none():
            keys.add(key)
    return keys


WELL = {
    K.REPORTED, K.ASSESSED_REPORTS, K.VALID_REPORTS, K.ACCEPTED, K.ACCEPTED_ON_TIME, K.TO_DISPATCH,
    K.DISPATCHED_ON_TIME, K.DISPATCHED_ACCURATELY, K.TO_HANDLE, K.HANDLED, K.HANDLED_ON_TIME, K.TO_CLOSE, K.CLOSED,
    K.CLOSED_ON_TIME, K.TO_REVIEW, K.REVIEWED_ON_TIME, K.CLOSINGS,
}  # fmt: skip
HANDLING = {K.TO_HANDLE, K.HANDLED, K.HANDLED_ON_TIME}
CLOSING = {K.TO_CLOSE, K.CLOSED, K.CLOSED_ON_TIME, K.TO_REVIEW, K.REVIEWED_ON_TIME}
REVIEW = {K.TO_REVIEW, K.REVIEWED_ON_TIME}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, WELL, id="all in time"),
        pytest.param(
            {"handled_at": SINCE + 9.5 * DAY, "late_stages": ["handle"], "closed_at": SINCE + 9.8 * DAY},
            WELL - {K.HANDLED_ON_TIME, K.CLOSED_ON_TIME} | {K.LATE_EVER},
            id="handled late, and closed before the deadline of review, which had moved on",
        ),
        pytest.param(
            {"handled_at": SINCE + 9.5 * DAY, "late_stages": ["handle"], "closed_at": SINCE + 9.8 * DAY,
             "whole_due_at": SINCE + 10 * DAY},
            WELL - {K.HANDLED_ON_TIME} | {K.LATE_EVER},
            id="handled late, closed in time by the limit of the whole",
        ),
        pytest.param(
            {"handled_at": SINCE + 9.5 * DAY, "closed_at": SINCE + 12 * DAY, "late_stages": ["handle", "review"],
             "exempt": True},
            WELL | {K.LATE_EVER, K.EXEMPTED},
            id="late and exempted: on time for the rates, the fact stays",
        ),
        pytest.param({"late_stages": ["receive"]}, WELL - {K.ACCEPTED_ON_TIME} | {K.LATE_EVER}, id="accepted late"),
        pytest.param({"late_stages": ["dispatch"]}, WELL - {K.DISPATCHED_ON_TIME} | {K.LATE_EVER}, id="sent out late"),
        pytest.param({"failed_reviews": 1}, WELL | {K.REWORKED}, id="reworked"),
        pytest.param(
            {"late_stages": ["review"], "whole_due_at": SINCE + 10 * DAY},
            WELL - {K.REVIEWED_ON_TIME} | {K.LATE_EVER},
            id="reviewed late, closed in time by the limit of the whole",
        ),
        pytest.param(
            {"closed_at": UNTIL + DAY},
            WELL - {K.CLOSED, K.CLOSED_ON_TIME, K.REVIEWED_ON_TIME, K.CLOSINGS},
            id="handled in the period, reviewed after it",
        ),
        pytest.param(
            {**UNHANDLED, "owner_kind": "unit", "due_at": NOW + DAY, "handle_due_at": NOW + DAY,
             "close_due_at": NOW + DAY},
            WELL - HANDLING - CLOSING - {K.CLOSINGS} | {K.OPEN, K.CLIMBED},
            id="taken up to a unit while a department handles it",
        ),
        pytest.param({"extended": True}, WELL | {K.EXTENDED}, id="extended"),
        pytest.param({"severity": Severity.MAJOR}, WELL | {K.MAJOR}, id="major"),
        *(
            pytest.param({"outcome": outcome}, {K.REPORTED}, id=f"{outcome}: outside")
            for outcome in (Outcome.MERGED, Outcome.WITHDRAWN, Outcome.VOIDED)
        ),
        pytest.param(
            {"accepted_at": None, "dispatched_at": None, "handle_due_at": None, "handled_at": None,
             "close_due_at": None, "outcome": Outcome.REJECTED},
            {K.REPORTED, K.ASSESSED_REPORTS, K.CLOSINGS},
            id="rejected: a report that was not valid",
        ),
        pytest.param({"outcome": Outcome.ABORTED}, WELL, id="aborted: a lawful way to settle it"),
        pytest.param(
            {"dispatched_at": None, "handle_due_at": None},
            WELL - HANDLING - {K.TO_DISPATCH, K.DISPATCHED_ON_TIME, K.DISPATCHED_ACCURATELY},
            id="settled on the spot: nothing to dispatch or to handle",
        ),
        pytest.param(
            {"handle_due_at": UNTIL + DAY, "close_due_at": UNTIL + 2 * DAY}, WELL - HANDLING - CLOSING,
            id="due in the next period: not due in this one, though closed already",
        ),
        pytest.param(
            {"handled_at": UNTIL + DAY, "closed_at": UNTIL + 2 * DAY, "late_stages": ["handle", "review"]},
            WELL - REVIEW - {K.HANDLED, K.HANDLED_ON_TIME, K.CLOSED, K.CLOSED_ON_TIME, K.CLOSINGS}
            | {K.OVERDUE_UNHANDLED, K.LATE_EVER},
            id="done after the period: not done in it",
        ),
        pytest.param(
            {**UNHANDLED, "late_stages": ["handle"]},
            WELL - REVIEW - {K.HANDLED, K.HANDLED_ON_TIME, K.CLOSED, K.CLOSED_ON_TIME, K.CLOSINGS}
            | {K.OVERDUE_UNHANDLED, K.LATE_EVER, K.OPEN, K.OVERDUE, K.FALLING_DUE},
            id="overdue and unhandled",
        ),
        pytest.param(
            {**UNHANDLED, "due_at": None, "handle_due_at": None, "close_due_at": SINCE + 3 * DAY, "failed_reviews": 1},
            WELL - HANDLING - CLOSING - {K.CLOSINGS} | {K.OPEN, K.SUSPENDED},
            id="suspended in its second round: not due, whatever was due in the first",
        ),
        pytest.param(
            {**UNHANDLED, "stage": Stage.DISPATCH, "due_at": UNTIL + 9 * DAY},
            WELL - HANDLING - REVIEW - {K.CLOSED, K.CLOSED_ON_TIME, K.CLOSINGS} | {K.OPEN},
            id="returned to dispatch: nothing to handle until it is dispatched again",
        ),
        pytest.param(
            {**UNHANDLED, "stage": Stage.DISPATCH, "dispatched_at": None, "handle_due_at": None,
             "close_due_at": None, "due_at": NOW + DAY},
            {K.REPORTED, K.ASSESSED_REPORTS, K.VALID_REPORTS, K.ACCEPTED, K.ACCEPTED_ON_TIME, K.OPEN},
            id="waits for dispatch, in time: not yet due for it",
        ),
        pytest.param(
            {**UNHANDLED, "stage": Stage.DISPATCH, "dispatched_at": None, "handle_due_at": None,
             "close_due_at": None, "due_at": NOW - DAY},
            {K.REPORTED, K.ASSESSED_REPORTS, K.VALID_REPORTS, K.ACCEPTED, K.ACCEPTED_ON_TIME, K.TO_DISPATCH, K.OPEN,
             K.OVERDUE},
            id="waits for dispatch, past its deadline",
        ),
        pytest.param(
            {**UNHANDLED, "due_at": NOW + 9 * DAY, "handle_due_at": NOW + 9 * DAY, "close_due_at": NOW + 9 * DAY,
             "whole_due_at": NOW - DAY},
            WELL - HANDLING - CLOSING - {K.CLOSINGS} | {K.OPEN, K.OVERDUE},
            id="overdue by the limit of the whole alone",
        ),
        pytest.param(
            {**UNHANDLED, "due_at": NOW + 9 * DAY, "handle_due_at": NOW + 9 * DAY, "close_due_at": NOW + 9 * DAY,
             "returns": 2, "failed_reviews": 1, "consultation_at": NOW - DAY},
            WELL - HANDLING - CLOSING - {K.CLOSINGS} | {K.OPEN, K.CHRONIC, K.CONSULTATION},
            id="returned twice and failed once: chronic",
        ),
    ],
)  # fmt: skip
async def test_a_case_belongs_to_these_figures_and_no_others(
    engine: AsyncEngine, changed: dict[str, Any], expected: set[FigureKey]
) -> None:
    await small_park(engine)
    async with transaction(engine) as connection:
        case_no = await a_case(connection, **changed)
        assert await figures_of(connection, case_no) == expected


@pytest.mark.parametrize(
    ("kinds", "accurate"),
    [
        pytest.param((), True, id="kept"),
        pytest.param((("transferred", {"to_department": FIRE}),), True, id="to a colleague of the department"),
        pytest.param((("transferred", {"to_department": "labour"}),), False, id="to another department"),
        pytest.param((("return_granted", {}),), False, id="returned"),
    ],
)
async def test_a_case_kept_by_its_first_department_is_dispatched_accurately(
    engine: AsyncEngine, kinds: tuple[tuple[str, dict[str, str]], ...], accurate: bool
) -> None:
    await small_park(engine)
    async with transaction(engine) as connection:
        case_no = await a_case(connection)
        report_id = await connection.scalar(select(CASES.c.report_id).where(CASES.c.case_no == case_no))
        for place, (kind, body) in enumerate([("dispatched", {"host": FIRE}), *kinds]):
            fact = {
                "report_id": report_id, "seq": 10_000 + place, "at": NOW, "kind": kind, "version": 1, "actor": None,
                "command_id": new_id(), "command": kind, "digest": "x", "body": body,
            }  # fmt: skip
            await connection.execute(insert(FACTS).values(fact))
        found = await figures_of(connection, case_no)
    assert K.TO_DISPATCH in found
    assert (K.DISPATCHED_ACCURATELY in found) is accurate


async def test_what_is_not_due_yet_is_outside_even_within_the_period(engine: AsyncEngine) -> None:
    """应结案 ≠ 立案: in the middle of a month, a case due later that month is not due for closing yet."""
    await small_park(engine)
    async with transaction(engine) as connection:
        case_no = await a_case(connection, **UNHANDLED)
        early = await figures_of(connection, case_no, Period(SINCE, UNTIL, SINCE + 8 * DAY))
        late = await figures_of(connection, case_no, Period(SINCE, UNTIL, SINCE + 9 * DAY))
    assert not early & {K.TO_HANDLE, K.TO_CLOSE, K.OVERDUE_UNHANDLED}
    assert {K.TO_HANDLE, K.TO_CLOSE, K.OVERDUE_UNHANDLED} <= late


async def test_the_numbers_of_tianmen_from_cases(engine: AsyncEngine) -> None:
    """The bulletin of 2016-12 at a hundredth of its size: 10 accepted; of 9 due for closing 8 closed, 7 of them on
    time.
    """
    await small_park(engine)
    async with transaction(engine) as connection:
        for _ in range(7):
            await a_case(connection)
        await a_case(connection, closed_at=SINCE + 20 * DAY, late_stages=["review"])
        await a_case(connection, **UNHANDLED)
        await a_case(connection, **UNHANDLED | {"due_at": NOW + DAY, "handle_due_at": NOW + DAY,
                                                "close_due_at": NOW + DAY})  # fmt: skip
        viewpoint = await read_viewpoint(connection, EVERYBODY["auditor"], NOW, "zh")
        counts = (await count_figures(connection, viewpoint.cases_in(), FigureKey, Period(SINCE, UNTIL, NOW)))[None]
        assert [counts[key] for key in (K.ACCEPTED, K.TO_CLOSE, K.CLOSED, K.CLOSED_ON_TIME)] == [10, 9, 8, 7]
        assert percent(counts[K.CLOSED], counts[K.TO_CLOSE]) == "88.89 %"

        ranking_filter = RankingFilter.model_validate({"by": "community", "from": SINCE, "to": UNTIL})
        shown = await read_ranking(connection, viewpoint, ranking_filter)
    mine, other = shown.rows
    assert (mine.place.code, mine.rank) == (COMMUNITY, 1)
    # 30·8/9 + 20·8/9 + 20·(1 − 0) + 20·(1 − 1/9) + 10·(1 − 0)
    assert mine.score is not None
    assert mine.score.points == round(30 * 8 / 9 + 20 * 8 / 9 + 20 + 20 * 8 / 9 + 10, 2) == 92.22
    assert mine.score.grade == "优"
    assert (other.rank, other.score, other.why) == (None, None, None)
    empty = {value.key: (value.value, value.text) for value in other.indicators}
    assert empty[IndicatorKey.HANDLED_RATE] == (None, "—")


async def test_the_tail_is_named_with_its_reason(engine: AsyncEngine) -> None:
    await small_park(engine)
    async with transaction(engine) as connection:
        for host, bad in ((FIRE, 0), ("labour", 1), ("environment", 4)):
            for number in range(5):
                late = {"failed_reviews": 1, "extended": True} if number < bad else {}
                await a_case(connection, host=host, departments=[host], **late)
        viewpoint = await read_viewpoint(connection, EVERYBODY["auditor"], NOW, "zh")
        ranking_filter = RankingFilter.model_validate({"by": "department", "from": SINCE, "to": UNTIL})
        shown = await read_ranking(connection, viewpoint, ranking_filter)
        few = await read_ranking(connection, viewpoint, ranking_filter.model_copy(update={"least_cases": 6}))
    assert [(row.place.code, row.rank, row.tail) for row in shown.rows] == [
        (FIRE, 1, False), ("labour", 2, True), ("environment", 3, True),
    ]  # fmt: skip
    assert [row.why for row in shown.rows] == [None, "返工率 20.00 %(1/5)失 4.00 分", "返工率 80.00 %(4/5)失 16.00 分"]
    assert [row.score.points for row in shown.rows if row.score] == [100, 94, 76]
    assert [row.rank for row in few.rows] == [None, None, None]
