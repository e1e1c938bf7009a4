"""The recording step of matters: lock the row, decide, append the facts, all in one transaction.

Idempotent by command id, and it returns every fact after the last one that the workflow knows, like the recording step
of cases (`activities/recording.py`).
"""

from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from infra import metrics
from infra.database import autocommit_engine, is_away, reason
from infra.outages import DATABASE
from infra.store.attachments import keep_files, known_files, use_up
from infra.store.cases import next_sequence
from infra.store.context import read_matter_context
from infra.store.driver import transaction
from infra.store.mail.intake import insert_entries
from infra.store.matters.notices import insert_matter_notices
from infra.store.matters.registry import project, read_extra
from infra.store.matters.rows import (
    append_matter_facts,
    as_stored,
    lock_matter,
    read_stored_facts,
    recorded_command,
    taken_name,
)
from infra.store.org_alarms import raise_matter_alarms
from infra.store.outbox import insert_effects
from models.errors import CommandIdReused, DomainError, MatterExists, RecordingFailed, StoreBehind
from models.matters.base import CreateMatter, Matter, MatterCommand, MatterFact
from models.matters.common import Climbed
from models.matters.context import MatterContext
from models.matters.effects import Effect
from models.matters.messages import MatterRecorded, MatterStep, StoredMatterFact, content_digest
from models.wire_names import RECORD_MATTER_ACTIVITY
from rules.mailbox.intake import matter_entries
from rules.matters.decide import decide, evolve, next_wake_up, read_command
from rules.matters.given import files_in
from rules.matters.kind import MatterRules
from rules.matters.registry import RULES

log = structlog.get_logger(__name__)

#: Attempts for which a unique violation is taken for two concurrent attempts of the same step.
UNIQUE_VIOLATION_TRIES = 3


class MatterRecorder:
    """The recording step of matters, bound to a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = autocommit_engine(engine)

    @activity.defn(name=RECORD_MATTER_ACTIVITY)
    async def record_matter(self, step: MatterStep) -> MatterRecorded:
        """Decide `step` and record its facts. A refusal is a result; a database that is away is an error to retry."""
        about = {"kind": step.matter_kind, "matter_id": str(step.matter_id), "command": step.command.get("kind")}
        try:
            async with self._engine.connect() as connection:
                recorded = await record_matter_step(connection, step)
        except Exception as error:
            if is_away(error):
                DATABASE.note_away(reason(error), **about)
                raise ApplicationError(
                    "the database is away", type="DatabaseAway", category=ApplicationErrorCategory.BENIGN
                ) from None
            if isinstance(error, IntegrityError) and activity.info().attempt < UNIQUE_VIOLATION_TRIES:
                raise
            log.error("recording failed", **about, exc_info=error)
            recorded = MatterRecorded(refusal=RecordingFailed().as_refusal())
        _log_and_count(step, recorded)
        return recorded


async def record_matter_step(connection: AsyncConnection, step: MatterStep) -> MatterRecorded:
    """Record the step in one transaction."""
    rules = RULES[step.matter_kind]
    try:
        async with transaction(connection):
            return await _record(connection, rules, step)
    except _Refused as refused:
        return refused.recorded


class _Refused(Exception):
    """Carries a refusal out of the transaction, so that a number drawn for the step is given back."""

    def __init__(self, recorded: MatterRecorded) -> None:
        self.recorded = recorded
        super().__init__()


async def _record(connection: AsyncConnection, rules: MatterRules, step: MatterStep) -> MatterRecorded:
    matter = await lock_matter(connection, rules, step.matter_id)
    head = 0 if matter is None else matter.seq
    if head < step.known:
        return MatterRecorded(refusal=StoreBehind(stored=head, known=step.known).as_refusal())
    missed = await read_stored_facts(connection, step.matter_id, after=step.known) if head > step.known else ()
    if matter is not None and (earlier := await _earlier(connection, step, missed)) is not None:
        if earlier != (content_digest(step.command), step.actor.person):
            return _result(rules, matter, missed, CommandIdReused())
        return _result(rules, matter, missed)
    try:
        command = read_command(rules, step.command, stored=True)
        ctx = await _read_context(connection, rules, matter, command, step)
        await _check_code(connection, rules, matter, command)
        facts, after = decide(rules, matter, step, ctx)
    except DomainError as error:
        raise _Refused(_result(rules, matter, missed, error)) from error
    if facts and after is not None:
        await _store(connection, rules, matter, after, facts)
        await use_up(connection, step.actor.person, files_in(command))
    return _result(rules, after, (*missed, *as_stored(facts)))


async def _earlier(
    connection: AsyncConnection, step: MatterStep, missed: tuple[StoredMatterFact, ...]
) -> tuple[str, UUID | None] | None:
    """Return digest and giver of the command that was recorded under this id; None when none was."""
    found = next((fact for fact in missed if fact.command_id == step.id), None)
    if found is None and step.known:
        return await recorded_command(connection, step.matter_id, step.id)
    return None if found is None else (found.digest, found.actor.person)


async def _read_context(
    connection: AsyncConnection, rules: MatterRules, matter: Matter | None, command: MatterCommand, step: MatterStep
) -> MatterContext:
    grid = matter.grid if matter is not None else getattr(command, "grid", None)
    now = step.at if matter is None else max(step.at, matter.updated_at)
    ctx = await read_matter_context(connection, step.matter_id, grid, step.actor.person, now)
    changes: dict[str, object] = {"extra": await read_extra(connection, rules.kind, matter, command, ctx)}
    if files := files_in(command):
        await keep_files(connection, files)
        known = await known_files(connection, ctx.person, files, ctx.today)
        changes["unknown_attachments"] = tuple(sha256 for sha256 in files if sha256 not in known)
    if matter is None and rules.number_prefix is not None and isinstance(command, CreateMatter) and ctx.units:
        park = ctx.units[-1].code
        number = await next_sequence(connection, f"{park}:{rules.kind}", ctx.today)
        changes["number"] = f"{rules.number_prefix}{ctx.today:%Y%m%d}-{number:03d}"
    return ctx.model_copy(update=changes)


async def _check_code(
    connection: AsyncConnection, rules: MatterRules, matter: Matter | None, command: MatterCommand
) -> None:
    """Raises MatterExists for a code that is registered already."""
    if matter is None and isinstance(command, CreateMatter) and command.code is not None:
        name = await taken_name(connection, rules, command.code)
        if name is not None:
            raise MatterExists(code=command.code, name=name, pointer="/code")


async def _store(
    connection: AsyncConnection,
    rules: MatterRules,
    before: Matter | None,
    after: Matter,
    facts: tuple[MatterFact, ...],
) -> None:
    await append_matter_facts(connection, rules, facts, after)
    await project(connection, rules.kind, before, after, facts)
    await insert_matter_notices(connection, after.id, facts)
    await insert_entries(connection, matter_entries(rules.kind, facts, after))
    await raise_matter_alarms(connection, after.id, facts)
    matter = before
    for fact in facts:
        following = evolve(rules, matter, fact)
        effects: list[Effect] = list(rules.effects(matter, fact, following))
        await insert_effects(connection, (rules.kind, after.id), fact.seq, effects, fact.at)
        matter = following


def _result(
    rules: MatterRules, matter: Matter | None, facts: tuple[StoredMatterFact, ...], error: DomainError | None = None
) -> MatterRecorded:
    refused = None if error is None else error.as_refusal()
    if matter is None:
        return MatterRecorded(facts=facts, refusal=refused)
    return MatterRecorded(
        facts=facts,
        code=matter.code,
        seq=matter.seq,
        wake_at=next_wake_up(rules, matter),
        ended=matter.ended_at is not None and not rules.lasting and not matter.opening,
        refusal=refused,
    )


def _log_and_count(step: MatterStep, recorded: MatterRecorded) -> None:
    command = str(step.command.get("kind"))
    about = {"kind": step.matter_kind, "matter_id": str(step.matter_id), "command": command}
    if recorded.refusal is not None:
        metrics.REFUSED.labels(command=command, code=recorded.refusal.code).inc()
        write = log.error if recorded.refusal.code == StoreBehind.code else log.info
        write("refused", **about, code=recorded.refusal.code)
        return
    metrics.RECORDED.labels(command=command).inc()
    for fact in recorded.facts:
        if fact.body.get("kind") == "climbed":
            planned = Climbed.model_validate(fact.body).planned_at
            late = (datetime.now(UTC) - planned).total_seconds()
            metrics.LATENESS.labels(what="climbed").observe(max(0.0, late))
    log.info("recorded", **about, facts=[fact.body.get("kind") for fact in recorded.facts])
