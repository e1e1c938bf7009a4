"""The three colours: worse at once, better only after a hold, every change explained by what it rests on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError

from models.enums import Severity
from models.matters.colour import RoundMark
from models.policy.colours import DEFAULT_RULES, Colour, ColourRule, Colours, VisitEvery, Watched
from models.policy.park import ParkPolicy
from rules.colours import colour_of
from tests.rules.matters.enterprise_life import EnterpriseLife
from tests.rules.world import START, usual_policy

GREEN, YELLOW, RED = Colour.GREEN, Colour.YELLOW, Colour.RED


def under(*rules: ColourRule) -> EnterpriseLife:
    """An enterprise under a policy with these colour rules alone."""
    park = ParkPolicy(colours=Colours(rules=rules))
    return EnterpriseLife(policy=usual_policy().model_copy(update={"park": park}))


def a_rule(**fields: Any) -> ColourRule:
    known = {"code": "r", "colour": "yellow", "name_zh": "规则", "name_en": "rule", "counts": "cases"}
    return ColourRule.model_validate({**known, **fields})


# --- check 14 ---------------------------------------------------------------------------------------------------------


def test_major_hazard_with_an_overdue_in_its_hold() -> None:
    """Green; one major hazard opens; it closes after review; 30 days' hold with one overdue at day 10."""
    life = EnterpriseLife()
    assert (life.colour, life.visits()) == (GREEN, VisitEvery.MONTHLY)
    life.days(1)

    life.open("hazard", "0102")
    assert life.colour is RED, "red at once"
    (change,) = life.changes()
    assert (change.before, change.after) == (GREEN, RED)
    assert [(cause.rule, [line.code for line in cause.lines]) for cause in change.causes] == [
        ("major-hazard", ["hazard"])
    ]
    assert life.visits() is VisitEvery.WEEKLY

    life.days(5)
    life.open("late", "0101")
    life.days(5)
    life.close("hazard")
    assert life.colour is RED, "it stays red once the hazard is closed after review"
    assert life.enterprise.held[0].until == life.now + timedelta(days=30)

    life.days(10)
    life.overdue("late")
    assert life.colour is RED
    life.days(40)
    assert life.colour is RED, "no hold runs out while something is overdue"
    life.close("late")
    end = life.now
    assert {one.rule: one.until for one in life.enterprise.held} == {
        "major-hazard": end + timedelta(days=30),
        "overdue": end + timedelta(days=30),
    }, "the hold starts anew from the end of the overdue"

    life.until(end + timedelta(days=30) - timedelta(seconds=1))
    assert life.colour is RED
    life.until(end + timedelta(days=30))
    assert (life.colour, life.visits()) == (GREEN, VisitEvery.MONTHLY), "then by rule, and monthly visits again"
    life.days(21)
    assert life.at(life.now - timedelta(days=21, seconds=1)) is RED, "as of three weeks ago it was red"
    assert life.at(START) is GREEN


def test_yellow_remains_where_its_hold_is_longer() -> None:
    life = under(
        a_rule(code="red", colour="red", categories=["0102"], hold_days=30),
        a_rule(code="late", counts="overdue_cases", hold_days=60),
    )
    life.open("hazard", "0102")
    life.overdue("hazard")
    life.close("hazard")
    life.days(30)
    assert life.colour is YELLOW
    life.days(30)
    assert life.colour is GREEN
    assert [(one.before, one.after) for one in life.changes()] == [(GREEN, RED), (RED, YELLOW), (YELLOW, GREEN)]


# --- what counts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("undone", [{"dismissed": True}, {"late_at": None}])
def test_what_was_no_breach_leaves_nothing_behind(undone: dict[str, Any]) -> None:
    """A report that is rejected, voided or merged, and an overdue that an appeal exempted."""
    life = under(a_rule(counts="overdue_cases"))
    life.open("one")
    life.overdue("one")
    assert life.colour is YELLOW
    life.change("one", **undone)
    assert life.colour is GREEN
    assert not life.enterprise.held


def test_a_case_that_is_about_somebody_else_leaves_nothing_behind() -> None:
    life = EnterpriseLife()
    life.open("one", "0102")
    del life.cases["one"]
    life.assess()
    assert life.colour is GREEN
    assert not life.enterprise.held


def test_another_category_does_not_make_it_better_at_once() -> None:
    """A hazard that is called an ordinary one is a cause that is gone, not one that never was: the hold begins."""
    life = EnterpriseLife()
    life.open("one", "0102")
    life.change("one", category="0101")
    assert life.colour is RED
    life.days(30)
    assert life.colour is GREEN


def test_reopened_within_the_hold() -> None:
    life = EnterpriseLife()
    life.open("one", "0102")
    life.days(1)
    life.close("one")
    life.days(20)
    life.change("one", ended_at=None)
    assert life.colour is RED
    life.days(60)
    assert life.colour is RED
    life.close("one")
    life.days(29)
    assert life.colour is RED
    life.days(1)
    assert life.colour is GREEN


def test_three_overdue_are_red_and_two_are_yellow() -> None:
    life = EnterpriseLife()
    for case, category in (("a", "0101"), ("b", "0103"), ("c", "0104")):
        life.open(case, category)
        life.days(1)
    life.overdue("a")
    life.overdue("b")
    assert life.colour is YELLOW
    life.overdue("c")
    assert life.colour is RED
    assert [cause.rule for cause in life.enterprise.causes] == ["many-overdue", "overdue"]


def test_repeats_count_one_category_within_their_window() -> None:
    life = EnterpriseLife()
    for place, (case, category) in enumerate([("a", "0302"), ("b", "0301"), ("c", "0302"), ("d", "0302")]):
        life.open(case, category)
        life.close(case)
        assert life.colour is (YELLOW if place == 3 else GREEN)
        life.days(20)
    life.until(START + timedelta(days=90))
    assert life.enterprise.causes == ()
    assert life.enterprise.held[0].ended_at == life.now, "the breach ended with its window"
    life.days(30)
    assert life.colour is GREEN


def test_failed_and_missed_rounds() -> None:
    life = EnterpriseLife()
    life.failed = [RoundMark(code="P-1/1", at=life.now)]
    assert life.assess() == []
    life.days(10)
    life.failed.append(RoundMark(code="P-1/2", at=life.now))
    life.assess()
    assert life.colour is YELLOW
    assert [line.code for line in life.enterprise.causes[0].lines] == ["P-1/1", "P-1/2"]
    life.days(20)
    assert not life.enterprise.causes
    life.days(30)
    assert life.colour is GREEN


def test_group_wage_case_and_gravest_severity() -> None:
    life = EnterpriseLife()
    life.open("wages", "0202")
    assert life.colour is YELLOW
    life.open("gas", "0109", Severity.MAJOR)
    assert life.colour is RED


def test_spring_festival_quarter() -> None:
    """Holds are natural days: the nine days of the festival of 2026 neither stretch nor hold them."""
    life = EnterpriseLife(at=datetime(2026, 1, 5, 1, tzinfo=UTC))
    life.until(datetime(2026, 1, 20, 2, tzinfo=UTC))
    life.open("hazard", "0102")
    life.until(datetime(2026, 2, 14, 8, tzinfo=UTC))  # the make-up Saturday before the festival
    life.close("hazard")
    life.until(datetime(2026, 2, 18, 2, tzinfo=UTC))
    assert life.colour is RED
    life.until(datetime(2026, 3, 16, 8, tzinfo=UTC) - timedelta(seconds=1))
    assert life.colour is RED
    life.until(datetime(2026, 3, 16, 8, tzinfo=UTC))
    assert life.colour is GREEN
    life.until(datetime(2026, 4, 5, tzinfo=UTC))
    assert len(life.changes()) == 2


def test_a_rule_taken_out_of_the_policy_ends_at_once() -> None:
    life = EnterpriseLife()
    life.open("one", "0102")
    life.policy = usual_policy().model_copy(update={"park": ParkPolicy(colours=Colours(rules=()))})
    life.assess()
    assert life.colour is GREEN


# --- whatever happens -------------------------------------------------------------------------------------------------

_STEPS = st.one_of(
    st.tuples(st.just("open"), st.integers(0, 5), st.sampled_from(["0101", "0102", "0202", "0302"])),
    st.tuples(st.sampled_from(["close", "overdue", "dismiss", "reopen", "leave"]), st.integers(0, 5), st.just("")),
    st.tuples(st.just("days"), st.integers(1, 60), st.just("")),
    st.tuples(st.just("missed"), st.integers(0, 99), st.just("")),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(_STEPS, max_size=30))
def test_the_colour_is_always_the_one_explained_and_can_be_left(steps: list[tuple[str, int, str]]) -> None:
    life = EnterpriseLife()
    for what, number, category in steps:
        before = life.colour
        _play(life, what, number, category)
        assert colour_of(life.enterprise.causes, life.enterprise.held) is life.colour
        assert not life.changes() or life.changes()[-1].after is life.colour
        if what in ("open", "close", "overdue", "missed"):
            assert not _better(life.colour, before), "better only once a hold has run out"
    # Once everything is closed, every colour is left within the longest window and hold.
    for case in list(life.cases):
        life.close(case)
    life.days(90 + 30 + 1)
    assert life.colour is GREEN
    assert life.enterprise.check_at is None


def _play(life: EnterpriseLife, what: str, number: int, category: str) -> None:
    case = f"c{number}"
    if what == "days":
        return life.days(number)
    if what == "missed":
        life.missed.append(RoundMark(code=f"r{number}", at=life.now))
        life.assess()
    elif what == "open":
        if case not in life.cases:
            life.open(case, category)
    elif case in life.cases:
        gone = {"dismissed": True, "ended_at": life.now}
        changes: dict[str, dict[str, Any]] = {"dismiss": gone, "reopen": {"ended_at": None, "dismissed": False}}
        if what == "leave":
            del life.cases[case]
            life.assess()
        elif what in changes:
            life.change(case, **changes[what])
        elif life.cases[case].is_open:
            life.close(case) if what == "close" else life.overdue(case)
    return None


def _better(one: Colour, other: Colour) -> bool:
    order = [GREEN, YELLOW, RED]
    return order.index(one) < order.index(other)


# --- rules that are refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"at_least": 0}, "always holds"),
        ({"closed_too": True}, "closed cases count as well"),
        ({"counts": "missed_rounds"}, "no end of its own"),
        ({"counts": "failed_rounds", "at_least": 2}, "no end of its own"),
        ({"counts": "repeats", "at_least": 3}, "no end of its own"),
        ({"closed_too": True, "within_days": 3650}, "for good"),
        ({"hold_days": 100_000}, "for good"),
    ],
)
def test_a_rule_that_can_never_be_left_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        a_rule(**fields)
    assert {error["type"] for error in caught.value.errors()} == {"colour_never_left"}


@pytest.mark.parametrize(
    "fields",
    [
        {"colour": "green"},
        {"counts": "missed_rounds", "within_days": 30, "categories": ["0102"]},
        {"counts": "repeats", "within_days": 30, "at_least": 1},
        {"within_days": 0},
        {"hold_days": -1},
        {"counts": "dice"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_rule(**fields)


def test_two_rules_of_one_code_are_refused() -> None:
    with pytest.raises(ValidationError, match="named twice"):
        Colours(rules=(a_rule(), a_rule()))


def test_the_vocabulary_is_used_by_the_defaults() -> None:
    assert {rule.counts for rule in DEFAULT_RULES} == set(Watched)
