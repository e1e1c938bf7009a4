"""The table, the routing, the numbers: what single rules say."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from models.commands import (
    HUMAN_COMMAND_MODELS,
    Accept,
    Claim,
    Complete,
    Dispatch,
    FailReview,
    PassReview,
    Return,
    SelfClose,
    WakeUp,
)
from models.context import Person
from models.enums import Level, OwnerKind, Role, Severity, Stage
from models.errors import DomainError, InputError, NotYours, ReviewerHandledIt, known_errors, refusal
from rules.case_number import case_number, check_digit, is_case_number
from rules.decide import DECIDERS
from rules.evolve import GapInFacts, evolve, fold
from rules.life_cycle import COMMANDS, HUMAN_COMMANDS
from rules.routing import desk, route
from tests.builders import COMMUNITY, MICRO, OTHER_MICRO, a_policy, person_id, unit_path
from tests.rules.world import EVERYBODY, Life, context, units_to

PHOTO = "a" * 64


def test_every_command_has_a_model_a_row_and_a_move() -> None:
    between_cases = {"absorb", "separate", "take_out", "inform", "settle_errand"}
    assert set(HUMAN_COMMAND_MODELS) == set(HUMAN_COMMANDS) == set(DECIDERS) - between_cases
    assert set(COMMANDS) - set(HUMAN_COMMANDS) == {"wake_up", "recompute", *between_cases}


@pytest.mark.parametrize("kind", sorted(known_errors()))
def test_every_error_speaks_both_languages_and_survives_the_journey(kind: str) -> None:
    error = known_errors()[kind](pointer="/x", command="c")
    assert error.zh
    assert error.en
    assert 400 <= error.status < 600
    again = refusal(error.as_refusal())
    assert (type(again), again.pointer, again.params) == (type(error), "/x", {"command": "c"})


def test_a_case_is_first_owned_by_the_nearest_staffed_desk() -> None:
    case = Life(grid=MICRO).case
    assert (case.owner, case.level) == (case.desk, Level.COMMUNITY)
    assert case.owner is not None
    assert (case.owner.kind, case.owner.id) == (OwnerKind.UNIT, COMMUNITY)


def test_without_any_desk_the_named_fallback_owner_answers() -> None:
    bare = tuple(unit.model_copy(update={"staffed": frozenset()}) for unit in units_to(MICRO))
    found = desk(context(None), bare, Role.DUTY_OFFICER)
    assert (found.owner.kind, found.owner.id) == (OwnerKind.PERSON, str(person_id("fallback")))
    assert found.why.rule == "fallback"


@given(category=st.sampled_from(["0103", "0201", "0302"]), grid=st.sampled_from([MICRO, OTHER_MICRO]))
def test_there_is_always_a_host_and_a_reason(category: str, grid: str) -> None:
    found = route(a_policy(), category, unit_path(grid))
    assert found.host in ("fire", "labour", "environment")
    assert found.why.zh
    assert found.why.en


def test_severity_is_the_category_s_own_unless_said() -> None:
    assert Life(category="0103").case.severity is Severity.PRESSING
    assert Life(category="0103", severity="urgent").case.severity is Severity.URGENT


@pytest.mark.parametrize("source", ["grid_worker", "hotline", "import", "split"])
def test_a_resident_can_t_report_by_a_channel_that_would_name_them(source: str) -> None:
    with pytest.raises(InputError) as refused:
        Life(by="reporter", source=source)
    assert refused.value.pointer == "/source"
    assert Life(by="reporter", source="enterprise").case.source == "enterprise"


@pytest.mark.parametrize("source", ["import", "split"])
def test_channels_of_the_system_are_not_for_people(source: str) -> None:
    with pytest.raises(InputError):
        Life(by="duty", source=source)


def handled() -> Life:
    """A fire case that one handler has claimed."""
    life = Life()
    life.do("duty", Accept())
    life.do("duty", Dispatch(host="fire"))
    life.do("fire_handler", Claim())
    return life


def test_once_claimed_only_the_claimant_or_the_head_completes() -> None:
    life = handled()
    with pytest.raises(NotYours):
        life.do("fire_handler_2", Complete(result="done", evidence=(PHOTO,)))
    assert life.do("fire_head", Complete(result="done", evidence=(PHOTO,))).stage is Stage.REVIEW


def both_roles(username: str) -> Person:
    """That person, a reviewer besides."""
    person = EVERYBODY[username]
    return person.model_copy(update={"grants": (*person.grants, *EVERYBODY["reviewer"].grants)})


@pytest.mark.parametrize("command", [PassReview(), FailReview(reason="no")])
def test_whoever_handled_a_case_never_reviews_it(command: Any) -> None:
    life = handled()
    life.do("fire_handler", Complete(result="done", evidence=(PHOTO,)))
    with pytest.raises(ReviewerHandledIt):
        life.do("fire_handler", command, person=both_roles("fire_handler"))
    on_the_spot = Life()
    on_the_spot.do("worker", SelfClose(result="done", evidence=(PHOTO,)))
    with pytest.raises(ReviewerHandledIt):
        on_the_spot.do("worker", command, person=both_roles("worker"))


def test_the_clock_of_handling_starts_at_dispatch_and_a_claim_does_not_move_it() -> None:
    life = Life()
    life.do("duty", Accept())
    due = life.do("duty", Dispatch(host="fire")).clock
    life.now += timedelta(hours=5)
    assert life.do("fire_handler", Claim()).clock == due
    assert life.do("fire_handler", Return(reason="not ours")).clock == due, "it runs on while undecided"


def test_a_wake_up_before_anything_is_due_leaves_nothing() -> None:
    life = Life()
    life.do(None, WakeUp(moment=life.now))
    assert life.kinds() == ["received"]


def test_facts_with_a_gap_are_never_built_upon() -> None:
    life = handled()
    with pytest.raises(GapInFacts):
        fold([life.facts[0], life.facts[2]])
    with pytest.raises(GapInFacts):
        evolve(None, life.facts[1])


@given(sequence=st.integers(1, 2_000_000), day=st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_a_case_number_carries_its_check_digit(sequence: int, day: date) -> None:
    number = case_number("130172100", day, sequence)
    assert is_case_number(number)
    assert number.startswith(f"130172100{day:%Y%m%d}")


@given(sequence=st.integers(1, 999_999), place=st.integers(0, 23), other=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(sequence: int, place: int, other: int) -> None:
    number = case_number("130172100", date(2026, 3, 2), sequence)
    wrong = number[:place] + str((int(number[place]) + other) % 10) + number[place + 1 :]
    assert not is_case_number(wrong)


def test_the_check_digit_is_that_of_the_standard() -> None:
    """ISO/IEC 7064 MOD 11,10: 0794 → 5."""
    assert check_digit("0794") == "5"


@pytest.mark.parametrize(("park", "sequence"), [("13017210x", 1), ("", 1), ("130172100", 0)])
def test_what_can_t_be_numbered_is_refused(park: str, sequence: int) -> None:
    with pytest.raises(ValueError, match="no case number"):
        case_number(park, date(2026, 3, 2), sequence)


def test_domain_errors_have_codes_of_their_own() -> None:
    assert len(known_errors()) == len(set(known_errors().values()))
    with pytest.raises(TypeError, match="share the code"):
        type("Twin", (DomainError,), {"code": "not_yours", "zh": "", "en": ""})
