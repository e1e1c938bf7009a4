"""Random working days of several cases and people hold every invariant; see `tests.rules.walk`.

Hundreds of thousands of steps are walked by hand: `python -m tests.rules.walk --steps 300000`.
"""

from datetime import datetime
from typing import get_args

import pytest
from hypothesis import given, settings, strategies as st

from models.case import Case
from models.facts import Body
from rules.evolve import fold
from tests.rules.walk import Walk

#: Half a minute of computing on a busy machine.
pytestmark = pytest.mark.timeout(300)
EVERY_KIND = {model.model_fields["kind"].default for model in get_args(get_args(Body)[0])}
#: From here on the walks come to the rarest facts soonest; any other would do, only later.
FIRST_SEED = 34


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(1, 60), demo=st.booleans(), festival=st.booleans())
def test_whatever_happens_cases_hold_together(seed: int, length: int, *, demo: bool, festival: bool) -> None:
    walk = Walk(seed, demo=demo, festival=festival)
    for _ in range(length):
        walk.step()
    walk.check_whole()


def test_thousands_of_steps_hold_and_come_everywhere() -> None:
    """The invariants are worth something only if walks reach every kind of fact: some are rare, so that it goes on
    until they came."""
    reached: set[str] = set()
    for count, seed in enumerate(range(FIRST_SEED, FIRST_SEED + 100), 1):
        walk = Walk(seed, demo=seed % 2 == 0, festival=seed % 3 == 0)
        for _ in range(100):
            walk.step()
        walk.check_whole()
        reached |= {fact.body.kind for facts in walk.facts.values() for fact in facts}
        if reached == EVERY_KIND and count >= 40:
            break
    assert reached == EVERY_KIND


def test_the_case_of_a_moment_is_found_again() -> None:
    """Facts up to any number fold to the case as it was then."""
    walk = Walk(7)
    no = walk.at
    states: dict[int, Case] = {walk.cases[no].seq: walk.cases[no]}
    for _ in range(40):
        walk.step()
        states[walk.cases[no].seq] = walk.cases[no]
    for seq, case in states.items():
        assert fold(walk.facts[no][:seq]) == case


def test_moments_carry_their_zone() -> None:
    assert all(isinstance(fact.at, datetime) and fact.at.tzinfo is not None for fact in Walk(1).facts["c1"])
