"""From any reachable case, any command either yields facts that evolve or is refused with a reason.

A walk is one case to which random people give random commands at random times. It follows from its seed and its
length alone, so that a failing one can be walked again, and shortened.
"""

import random
from datetime import date, datetime, timedelta
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from models.case import Case
from models.commands import HUMAN_COMMAND_MODELS, Absorb, Command, Recompute, SettleErrand, WakeUp
from models.context import Lead
from models.enums import Stage
from models.errors import DomainError
from models.facts import Body, Fact
from models.ids import new_id
from rules.deadlines.clocks import elapsed
from rules.decide import decide
from rules.escalation.wake_ups import next_wake_up
from rules.evolve import fold
from rules.life_cycle import NEXT_STAGES
from rules.scope import allowed_commands, may_see
from rules.tasks import open_tasks
from tests.builders import GRID, MICRO, MICRO_2, OTHER_MICRO
from tests.rules.world import EVERYBODY, START, a_report, context, step, today, units_to
from tests.timed import a_timed_policy, limit, office

PHOTO = "a" * 64
TIMED = a_timed_policy()
#: The same, with handling limits of twice the length.
NEWER = a_timed_policy(standards=[s.model_copy(update={"handle": limit(16)}).model_dump() for s in TIMED.standards])
ENDINGS = frozenset({"reject", "withdraw", "merge", "void"})
TALK = frozenset(
    {
        "comment",
        "attach",
        "acknowledge",
        "relocate",
        "recategorise",
        "split",
        "escalate",
        "urge",
        "convene",
        "adopt",
    }
)
SPANS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=5), timedelta(days=4))
EVERY_KIND = {model.model_fields["kind"].default for model in get_args(get_args(Body)[0])}


class Walk:
    """One random life. Every step checks what must hold of every case."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.now = START
        by = self.luck.choice(["worker", "reporter", "duty"])
        source = "resident" if by == "reporter" else "grid_worker"
        severity = self.luck.choice([None, "urgent"])
        report = a_report(category=self.luck.choice(["0103", "0201", "0302"]), source=source, severity=severity)
        ctx = context(by, self.now, policy=TIMED)
        self.facts: list[Fact] = list(decide(None, step(None, by, report, self.now), ctx))
        case = fold(self.facts)
        assert case is not None
        self.case: Case = case

    @property
    def day(self) -> date:
        return today(self.now)

    def step(self) -> None:
        """Time passes, or somebody does something that fits, or anybody anything."""
        what = self.luck.random()
        if what < 0.25:
            self.now += self.luck.choice(SPANS if what < 0.24 else (timedelta(days=40),))
            self.give(None, WakeUp(moment=self.now))
        elif what < 0.9:
            self.something_fitting()
        elif what < 0.91:
            self.attempt(None, Absorb(case_no=self.luck.choice(["a", "b"])))
        elif what < 0.92:
            self.storm()
        else:
            kind = self.luck.choice(sorted(HUMAN_COMMAND_MODELS))
            self.attempt(self.luck.choice(sorted(EVERYBODY)), self.command(kind))
        self.check()

    def storm(self) -> None:
        """A typhoon closes the park: the calendar is published anew, and every open case is told."""
        days = {"since": self.day, "until": self.day + timedelta(days=1), "reason": "台风"}
        closed = (office(closures=(days,)),)
        self.give(None, WakeUp(moment=self.now))
        self.give(None, Recompute(version=2), calendars=closed, calendars_version=2) if self.case.is_open else ()

    def something_fitting(self) -> None:
        """A command that the case allows somebody; the ones that move it on are the likelier."""
        able: dict[str, list[str]] = {}
        for name, person in EVERYBODY.items():
            for kind in allowed_commands(person, self.case, self.day):
                able.setdefault(kind, []).append(name)
        kinds = sorted(able)
        if kinds:
            weights = [1 if kind in ENDINGS else 3 if kind in TALK else 20 for kind in kinds]
            kind = self.luck.choices(kinds, weights)[0]
            self.attempt(self.luck.choice(able[kind]), self.command(kind))

    def attempt(self, username: str | None, command: Any) -> None:
        """A command is given: either facts follow, or it is refused, with a reason and without a trace."""
        self.give(None, WakeUp(moment=self.now))
        before, known = self.case, len(self.facts)
        allowed = username is None or command.kind in allowed_commands(EVERYBODY[username], before, self.day)
        target = getattr(command, "grid", None) or MICRO
        lead = Lead(case_no="other", report_id=new_id(), is_open=True)
        colleague = EVERYBODY[self.luck.choice(["fire_handler_2", "labour_head", "environment_handler"])]
        try:
            found = self.give(
                username, command, lead=lead, colleague=colleague, target_units=units_to(target), adoptable=NEWER
            )
        except DomainError as refused:
            reason = [refused.message("zh"), refused.message("en")]
        else:
            reason = []
            assert allowed, f"{command.kind} by {username} went through, though not allowed"
            assert found or username is None, "an accepted command of a person leaves a fact"
        if reason:
            assert all(reason)
            assert not any("?" in sentence for sentence in reason), "a message with a hole in it"
            assert (self.case, len(self.facts)) == (before, known)
        for errand in self.case.errands:
            self.give(None, SettleErrand(errand=errand.id, case_no="x"))

    def give(self, username: str | None, command: Command, **more: Any) -> tuple[Fact, ...]:
        """Decides and evolves. Raises the DomainError with which the command is refused."""
        version = self.case.policy_version
        more = {"policy": TIMED if version == 1 else NEWER, "policy_version": version, **more}
        ctx = context(username, self.now, self.case.grid, **more)
        found = decide(self.case, step(self.case, username, command, self.now), ctx)
        for fact in found:
            after = fold([fact], self.case)
            assert after is not None
            if after.stage is not self.case.stage:
                assert after.stage in NEXT_STAGES[self.case.stage]
            self.case = after
        self.facts += found
        return found

    def command(self, kind: str) -> Any:
        """A command with some body: mostly fitting, sometimes not."""
        luck = self.luck

        def mostly(good: Any, *bad: Any) -> Any:
            return good if luck.random() < 0.85 else luck.choice(bad)

        wide = timedelta(days=luck.choice([4, 20]))
        later = self.now + mostly(wide, timedelta(hours=-1), timedelta(hours=5), timedelta(days=400))
        department = luck.choice(["fire", "labour", "environment"])
        choices: dict[str, Any] = {
            "note": "记录",
            "reason": "原因",
            "question": "何时",
            "result": "已处理",
            "right_channel": "仲裁",
            "until": later,
            "reply_by": later,
            "meet_at": later,
            "answer_by": later,
            "host": mostly(department, "nobody"),
            "departments": [mostly(department, "nobody")],
            "co_handlers": mostly([], ["fire"], ["labour", "environment"]),
            "evidence": mostly([PHOTO], []),
            "attachments": [PHOTO],
            "category": mostly("0103", "0201", "9999"),
            "grid": luck.choice([MICRO, MICRO_2, GRID, OTHER_MICRO]),
            "into": "other",
            "parts": [{"category": mostly("0201", "9999"), "title": "另一件事"}],
            "version": mostly(2, 1),
            "condition": mostly(None, "small", "nothing"),
            "score": 4,
            "upheld": luck.random() < 0.5,
            "mode": luck.choice(["act", "inform"]),
        }
        model = HUMAN_COMMAND_MODELS[kind]
        body = {name: choices[name] for name in model.model_fields if name in choices}
        if kind == "transfer":
            body |= luck.choice([{"to_person": "fire_handler_2"}, {"to_department": department}])
        if kind in ("grant_extension", "grant_suspension"):
            body.pop("until")
        return model.model_validate(body)

    # --- what must hold of every case -----------------------------------------------------------------------------

    def check(self) -> None:
        """All of it, once what a command has made due at once (an archive put off) is recorded as well."""
        self.give(None, WakeUp(moment=self.now))
        self.the_facts_are_the_case()
        self.never_nobody_and_never_asleep()
        self.clocks_are_lists_of_intervals()

    def the_facts_are_the_case(self) -> None:
        assert [fact.seq for fact in self.facts] == list(range(1, len(self.facts) + 1))
        assert fold(self.facts) == self.case
        assert Case.model_validate_json(self.case.model_dump_json()) == self.case
        assert all(Fact.model_validate_json(fact.model_dump_json()) == fact for fact in self.facts[-3:])

    def never_nobody_and_never_asleep(self) -> None:
        case, wake = self.case, next_wake_up(self.case)
        assert wake is None or wake > self.now, "what was due has been recorded"
        if case.stage is Stage.CLOSED:
            assert case.owner is None
            assert (wake is None) == (case.archived_at is not None)
        else:
            assert case.owner is not None
            assert wake is not None
            assert open_tasks(case)
            assert any(may_see(person, case, self.day) for person in EVERYBODY.values())

    def clocks_are_lists_of_intervals(self) -> None:
        case = self.case
        if case.clock is not None and case.whole is not None:
            assert case.whole.runs == case.clock.runs, "the whole stands still with its stage, and only then"
        for clock in (*case.past_clocks, *(c for c in (case.clock, case.whole) if c is not None)):
            assert elapsed(clock, TIMED.calendars[0], self.now) >= timedelta()
            for one, following in zip(clock.intervals, clock.intervals[1:], strict=False):
                assert one.end is not None
                assert one.start <= one.end <= following.start
            if clock.runs and clock.ended_at is None:
                assert clock.due_at is not None
                assert clock.plan is not None
                assert list(clock.plan.rungs) == sorted(clock.plan.rungs)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(1, 60))
def test_whatever_happens_a_case_holds_together(seed: int, length: int) -> None:
    walk = Walk(seed)
    for _ in range(length):
        walk.step()


def test_the_walks_come_everywhere() -> None:
    """The property above is worth something only if walks reach every kind of fact."""
    reached: set[str] = set()
    for seed in range(60):
        walk = Walk(seed)
        for _ in range(60):
            walk.step()
        reached |= {fact.body.kind for fact in walk.facts}
    assert reached == EVERY_KIND


def test_the_case_of_a_moment_is_found_again() -> None:
    """Facts up to any number fold to the case as it was then."""
    walk = Walk(7)
    states: dict[int, Case] = {walk.case.seq: walk.case}
    for _ in range(40):
        walk.step()
        states[walk.case.seq] = walk.case
    for seq, case in states.items():
        assert fold(walk.facts[:seq]) == case


def test_moments_carry_their_zone() -> None:
    assert all(isinstance(fact.at, datetime) and fact.at.tzinfo is not None for fact in Walk(1).facts)
