"""`decide(rules, matter, step, context) -> facts` for any kind of matter, and `fold` to apply them.

Whatever fell due before a command is recorded before it, like in a case.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field, TypeAdapter

from models.base import STORED
from models.errors import CommandIdReused, MatterEnded, StaleRevision, UnknownGrid
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand, MatterFact
from models.matters.common import (
    Climbed,
    CommentMatter,
    CommonBody,
    CommonCommand,
    MatterCommented,
    OpeningSettled,
    SettleOpening,
    WakeMatter,
)
from models.matters.context import MatterContext
from models.matters.messages import MatterStep, content_digest
from rules.matters.climb import after_step, due_rungs, next_rung, owner_reached
from rules.matters.given import check_given
from rules.matters.kind import MatterRules, Part
from rules.matters.standing import check_part, parts

#: How many moments may fall due in one step, before the next step takes the rest: a history event stays small.
MOST_DUE = 200
_COMMON: TypeAdapter[CommonCommand] = TypeAdapter(Annotated[CommonCommand, Field(discriminator="kind")])
_COMMON_BODY: TypeAdapter[CommonBody] = TypeAdapter(Annotated[CommonBody, Field(discriminator="kind")])
_COMMON_KINDS = ("wake", "settle_opening", "comment")
_COMMON_BODIES = ("commented", "climbed", "opening_settled")
#: Commands of the clock and of the outbox.
SYSTEM_COMMANDS = frozenset({"wake", "settle_opening"})


def read_command(rules: MatterRules, content: dict[str, object], *, stored: bool = False) -> MatterCommand:
    """The command in `content`. Raises pydantic.ValidationError; `stored`: it was checked when it was taken."""
    adapter = _COMMON if content.get("kind") in _COMMON_KINDS else rules.command_reader
    found: MatterCommand = adapter.validate_python(content, context=STORED if stored else None)
    return found


def read_body(rules: MatterRules, content: dict[str, object]) -> MatterBody:
    """The fact body in `content`, as it was stored."""
    adapter = _COMMON_BODY if content.get("kind") in _COMMON_BODIES else rules.body_reader
    found: MatterBody = adapter.validate_python(content, context=STORED)
    return found


def next_wake_up(rules: MatterRules, matter: Matter) -> datetime | None:
    """The next moment for which the matter waits; None once it has ended, or when nothing is to come."""
    if matter.ended_at is not None:
        return None
    return min((at for at in (rules.next_wake_up(matter), next_rung(matter)) if at is not None), default=None)


def decide(
    rules: MatterRules, matter: Matter | None, step: MatterStep, ctx: MatterContext
) -> tuple[tuple[MatterFact, ...], Matter | None]:
    """The facts that `step` leads to, numbered after the matter's last one, and the matter after them.

    Raises the DomainError that refuses the command; nothing is recorded then.
    """
    command = read_command(rules, step.command, stored=True)
    if matter is None:
        return _begin(rules, command, step, ctx)
    if isinstance(command, CreateMatter):
        raise CommandIdReused()
    due, now = _due(rules, matter, step, ctx)
    if isinstance(command, WakeMatter):
        return due, now
    if step.if_revision is not None and step.if_revision != matter.seq:
        raise StaleRevision(current=matter.seq, seen=step.if_revision)
    if now.ended_at is not None and command.kind not in rules.lasting and not isinstance(command, SettleOpening):
        raise MatterEnded(name=now.name)
    check_may_give(rules, now, command.kind, ctx)
    if ctx.person is not None:
        check_given(command, ctx)
    bodies = _common(command, now, ctx) if command.kind in _COMMON_KINDS else rules.decide(now, command, ctx)
    facts, after = _apply(rules, now, bodies, step, ctx)
    return (*due, *facts), after


def check_may_give(rules: MatterRules, matter: Matter, command: str, ctx: MatterContext) -> None:
    """Raises NotYours unless the person of the context may give `command` to the matter. The system may give all."""
    if ctx.person is None or command in rules.own_check:
        return
    found = parts(
        ctx.person,
        rules,
        ctx.today,
        grid_path=matter.grid_path,
        department=matter.department,
        departments=matter.departments,
        people=matter.people,
        created_by=matter.created_by,
    )
    check_part(found, rules, command)


def _begin(
    rules: MatterRules, command: MatterCommand, step: MatterStep, ctx: MatterContext
) -> tuple[tuple[MatterFact, ...], Matter | None]:
    """Begin a matter. A wake-up or an effect that reaches one that does not exist records nothing."""
    if not isinstance(command, CreateMatter):
        return (), None
    if not ctx.units or ctx.units[0].code != command.grid or ctx.units[0].retired:
        raise UnknownGrid(grid=command.grid, pointer="/grid")
    if ctx.person is not None:
        department = getattr(command, "department", None)
        found = parts(ctx.person, rules, ctx.today, grid_path=ctx.grid_path, department=department)
        check_part(found, rules, command.kind)
        check_given(command, ctx)
    return _apply(rules, None, rules.decide(None, command, ctx), step, ctx)


def _due(
    rules: MatterRules, matter: Matter, step: MatterStep, ctx: MatterContext
) -> tuple[tuple[MatterFact, ...], Matter]:
    """Record every moment up to now that the matter waited for, one after the other."""
    facts: list[MatterFact] = []
    while len(facts) < MOST_DUE and (moment := next_wake_up(rules, matter)) is not None and moment <= ctx.now:
        own = rules.next_wake_up(matter)
        bodies = (
            rules.due(matter, moment, ctx)
            if own is not None and own <= moment
            else due_rungs(rules, matter, moment, ctx)
        )
        if not bodies:
            raise ValueError(f"{rules.kind} {matter.code} waits for {moment}, and nothing is due then")
        found, after = _apply(rules, matter, bodies, step, ctx)
        assert after is not None
        facts += found
        matter = after
    return tuple(facts), matter


def _common(command: MatterCommand, matter: Matter, ctx: MatterContext) -> Sequence[MatterBody]:
    if isinstance(command, CommentMatter):
        return [MatterCommented(note=command.note, attachments=command.attachments)]
    assert isinstance(command, SettleOpening)
    if command.errand not in matter.opening:
        return []
    told = (owner_reached(matter, ctx),) if command.refused is not None else ()
    return [OpeningSettled(**command.model_dump(exclude={"kind"}), reached=told)]


def _apply(
    rules: MatterRules, matter: Matter | None, bodies: Iterable[MatterBody], step: MatterStep, ctx: MatterContext
) -> tuple[tuple[MatterFact, ...], Matter | None]:
    """Number the bodies as facts and apply them."""
    facts: list[MatterFact] = []
    for body in bodies:
        fact = MatterFact(
            seq=(0 if matter is None else matter.seq) + 1,
            at=ctx.now,
            actor=step.actor,
            command_id=step.id,
            command=str(step.command.get("kind", "")),
            digest=content_digest(step.command),
            body=body,
        )
        matter = evolve(rules, matter, fact)
        facts.append(fact)
    return tuple(facts), matter


def evolve(rules: MatterRules, matter: Matter | None, fact: MatterFact) -> Matter:
    """The matter after the fact: what every kind has in common, then what the kind makes of it."""
    after = rules.evolve(matter, fact)
    changes: dict[str, object] = {"seq": fact.seq, "updated_at": fact.at}
    match fact.body:
        case Climbed():
            changes["climbs"] = after_step(after.climbs, fact.body)
        case OpeningSettled(errand=errand):
            changes["opening"] = tuple(name for name in after.opening if name != errand)
    return after.model_copy(update=changes)


def fold(rules: MatterRules, facts: Iterable[MatterFact], matter: Matter | None = None) -> Matter | None:
    """The matter after all of `facts`."""
    for fact in facts:
        matter = evolve(rules, matter, fact)
    return matter


def may_give(rules: MatterRules, found: frozenset[Part], matter: Matter, command: str) -> bool:
    """Whether somebody with these parts may give the command at all, as the matter stands."""
    ended = matter.ended_at is not None and command not in rules.lasting
    if ended or command == rules.creates or found.isdisjoint(rules.who[command]):
        return False
    return rules.fits(matter, command)
