"""Personal answers to questions, sealed by the key of the case's reporter: whoever erases the reporter erases them.

A door seals what it takes (`services/cases/sealing.py`), so that no history holds it; the recording step opens it to
decide and seals what it records. What is sealed stands in the facts, so their chain is the same before and after. A
report without a contact gets a record with nothing but the key.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeVar, cast
from uuid import UUID

import structlog
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.access import keys_of
from infra.keys.answers import SealedContentDamaged, open_content, seal_content
from infra.keys.ring import WrappedKey
from infra.keys.sealing import Contact, Keys, seal
from infra.keys.vault import CONCURRENCY
from infra.objects import ObjectsAway
from infra.store.reporters import StoredReporter, insert_reporter, read_reporter, read_reporters
from models.answers import QuestionAnswer, SealedAnswers, UnreadAnswer, answers_key
from models.base import STORED
from models.case import Case
from models.commands import AnswerQuestions, Recategorise, Report, SupplyInfo
from models.errors import AnswerDamaged, AnswerNotKept, KeysAway
from models.facts import Fact, QuestionsAnswered, Received
from models.messages import Step
from models.policy.questions import Option, Reading
from models.sealed import Sealed

log = structlog.get_logger(__name__)

Answer = QuestionAnswer | UnreadAnswer
A = TypeVar("A", bound=Answer)
#: The commands that may bring answers.
WITH_ANSWERS = (Report, AnswerQuestions, SupplyInfo, Recategorise)
#: A record without a contact is not taken for the rest of a report that became no case while it is used again.
_TOUCH = text("UPDATE reporters SET created_at = :now WHERE id = :id AND erased_at IS NULL")


class Unreadable(Enum):
    """Why a personal answer can't be read by who may read it; each is told apart."""

    ERASED = "erased"
    AWAY = "keys_away"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class Opened:
    """What sealed answers hold, by their sealed text. `why_not`: why none can be read; None: they were opened, or
    nobody tried. `damaged`: sealed texts that the right key does not open.
    """

    contents: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    why_not: Unreadable | None = None
    damaged: frozenset[str] = frozenset()

    def is_readable(self, answer: Answer) -> bool:
        """Whether the values of a personal answer are here."""
        return self.why_not is not Unreadable.ERASED and (not answer.sealed or answer.sealed in self.contents)

    def unreadable(self, answer: Answer) -> Unreadable | None:
        """Why a personal answer can't be read; None: it can, or nobody tried."""
        if answer.sealed in self.damaged:
            return Unreadable.DAMAGED
        return None if self.is_readable(answer) else self.why_not

    def open(self, answer: A) -> A:
        """The answer in clear; as it is where it is not sealed, or was not opened."""
        content = self.contents.get(answer.sealed) if answer.sealed else None
        return answer if content is None else cast("A", answer.model_copy(update={**content, "sealed": ""}))


NOTHING_OPENED = Opened()


@dataclass(frozen=True)
class Key:
    """The key of a reporter's record. `made`: with it the record was made just now, which holds nothing else; its key
    must be in the vault before anything is acknowledged."""

    reference: UUID
    content: bytes
    made: tuple[Sealed, WrappedKey] | None = None


def must_seal(facts: Sequence[Fact]) -> bool:
    """Whether one of the facts holds a personal answer in clear."""
    return any(not answer.sealed for answer in _personal(None, facts))


async def find_key(connection: AsyncConnection, reference: UUID) -> Key | None:
    """Return the key of a reporter; None of an erased one. A row that was lost has its key in the vault.

    Raises KeysAway also where the key of somebody who was not erased is nowhere: a loss is no erasure.
    """
    return await _find_key(keys_of(connection), reference, await read_reporter(connection, reference))


async def _find_key(keys: Keys, reference: UUID, stored: StoredReporter | None) -> Key | None:
    if stored is not None and stored.erased:
        return None
    if await keys.vault.is_erased(reference):  # an older copy of the database was put back
        return None
    wrapped = None if stored is None else stored.wrapped
    wrapped = wrapped or await keys.vault.find(reference)
    if wrapped is None:
        raise KeysAway()
    return Key(reference, await keys.ring.unwrap(wrapped, reference.bytes))


async def need_key(connection: AsyncConnection, reference: UUID) -> Key:
    """Return the key of a reporter. Raises KeysAway; AnswerNotKept of an erased one."""
    key = await find_key(connection, reference)
    if key is None:
        raise AnswerNotKept()
    return key


async def make_key(connection: AsyncConnection, report_id: UUID, *, anonymous: bool, now: datetime) -> Key:
    """Store a record without a contact, and return its key; of a record that is there already, that one's.

    Raises KeysAway; AnswerNotKept where it was erased.
    """
    reference = answers_key(report_id)
    sealed, wrapped = await seal(keys_of(connection), reference, Contact(None, None))
    if await insert_reporter(connection, sealed, wrapped, anonymous=anonymous, now=now):
        key = await keys_of(connection).ring.unwrap(wrapped, reference.bytes)
        return Key(reference, key, (sealed, wrapped))
    await connection.execute(_TOUCH, {"id": reference, "now": now})
    found, stored = await need_key(connection, reference), await read_reporter(connection, reference)
    if stored is None or stored.sealed is None or stored.wrapped is None:
        return found
    return Key(reference, found.content, (stored.sealed, stored.wrapped))


def seal_given(key: Key, given: Mapping[str, Sequence[str]]) -> SealedAnswers:
    """Seal answers as a door has taken them."""
    content = to_json({code: list(given[code]) for code in sorted(given)})
    return SealedAnswers(key=key.reference, content=seal_content(key.content, _on_the_way(key.reference), content))


async def in_clear(connection: AsyncConnection, step: Step) -> Step:
    """Return the step with the answers that its door has sealed, to decide it; never to be stored.

    No report is lost because of an answer: one whose answers can never be opened is recorded without them. Raises
    KeysAway; of another command AnswerNotKept and AnswerDamaged.
    """
    command = step.command
    sealed = command.sealed_answers if isinstance(command, Report) else step.sealed_answers
    if sealed is None or not isinstance(command, WITH_ANSWERS):
        return step
    try:
        given = await _open_given(connection, sealed)
    except (AnswerNotKept, AnswerDamaged) as error:
        log.error("answers not opened", report_id=str(step.report_id), command=command.kind, code=error.code)
        if isinstance(command, Report):
            return step
        raise
    answers = {**(command.answers or {}), **{code: tuple(texts) for code, texts in given.items()}}
    return step.model_copy(update={"command": command.model_copy(update={"answers": answers})})


async def _open_given(connection: AsyncConnection, sealed: SealedAnswers) -> dict[str, list[str]]:
    key = await need_key(connection, sealed.key)
    try:
        given: dict[str, list[str]] = json.loads(
            open_content(key.content, _on_the_way(sealed.key), sealed.content)
        )  # fmt: skip
    except SealedContentDamaged as error:
        raise AnswerDamaged() from error
    return given


async def seal_answers(connection: AsyncConnection, case: Case | None, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts with their personal answers sealed. A case without a reporter's record gets one, in the caller's
    transaction; its key is in the vault before this returns.

    Raises KeysAway; AnswerNotKept where the reporter was erased.
    """
    report_id, reference, anonymous, at = _about(case, facts)
    if reference is not None:
        key, made = await need_key(connection, reference), None
    else:
        key = await make_key(connection, report_id, anonymous=anonymous, now=at)
        made = key.reference
        if key.made is not None:
            try:
                await keys_of(connection).vault.keep(key.reference, key.made[1])
            except ObjectsAway as error:
                raise KeysAway() from error
    return tuple(_sealed_fact(fact, key, made) for fact in facts)


async def open_answers(connection: AsyncConnection, case: Case, facts: Sequence[Fact] = ()) -> Opened:
    """Return what the personal answers of the case and of these facts of it hold. Raises KeysAway.

    An answer that is damaged is logged, and the others are opened.
    """
    answers = list(_personal(case, facts))
    if not answers or case.reporter_ref is None:
        return NOTHING_OPENED
    return _opened(case, answers, await find_key(connection, case.reporter_ref))


async def open_many(connection: AsyncConnection, cases: Sequence[Case]) -> dict[UUID, Opened]:
    """Return what the personal answers of each case hold, by the report id; of one whose key was lost it says so.

    Raises KeysAway where there is a key that can't be opened now: what is made for keeping waits for it.
    """
    asked = [(case, case.reporter_ref) for case in cases if any(_personal(case, ())) and case.reporter_ref is not None]
    if not asked:
        return {}
    keys, stored = keys_of(connection), await read_reporters(connection, [reference for _, reference in asked])
    room = asyncio.Semaphore(CONCURRENCY)

    async def one(case: Case, reference: UUID) -> Opened:
        async with room:
            try:
                return _opened(case, list(_personal(case, ())), await _find_key(keys, reference, stored.get(reference)))
            except KeysAway:
                log.warning("keys of reporters away", report_id=str(case.report_id))
                row = stored.get(reference)
                if (row is not None and row.wrapped is not None) or await keys.vault.find(reference) is not None:
                    raise
                return Opened(why_not=Unreadable.AWAY)

    done = await asyncio.gather(*(one(case, reference) for case, reference in asked))
    return {case.report_id: opened for (case, _), opened in zip(asked, done, strict=True)}


def _opened(case: Case, answers: Sequence[Answer], key: Key | None) -> Opened:
    if key is None:
        return Opened(why_not=Unreadable.ERASED)
    contents: dict[str, Mapping[str, object]] = {}
    damaged = set()
    for answer in answers:
        if answer.sealed:
            try:
                contents[answer.sealed] = _open(key, answer)
            except SealedContentDamaged:
                damaged.add(answer.sealed)
                log.error("sealed answer damaged", report_id=str(case.report_id), question=answer.question)
    return Opened(contents, damaged=frozenset(damaged))


def with_opened(case: Case, opened: Opened) -> Case:
    """Return the case with its answers in clear, for a decision; never to be stored."""
    if not opened.contents:
        return case
    return case.model_copy(update={"answers": tuple(opened.open(answer) for answer in case.answers)})


def _about(case: Case | None, facts: Sequence[Fact]) -> tuple[UUID, UUID | None, bool, datetime]:
    if case is not None:
        return case.report_id, case.reporter_ref, True, facts[0].at
    body = facts[0].body
    assert isinstance(body, Received), "a case begins with its report"
    return body.report_id, body.reporter_ref, body.anonymous, facts[0].at


def _personal(case: Case | None, facts: Sequence[Fact]) -> Iterator[Answer]:
    """The answers that are for few eyes: personal ones, and those that were not understood and may hold anything."""
    if case is not None:
        yield from (answer for answer in case.answers if answer.reading is Reading.PERSONAL)
        yield from case.unread
    for fact in facts:
        if isinstance(fact.body, Received | QuestionsAnswered):
            yield from (answer for answer in fact.body.answers if answer.reading is Reading.PERSONAL)
        if isinstance(fact.body, Received):
            yield from fact.body.unread


def _sealed_fact(fact: Fact, key: Key, made: UUID | None) -> Fact:
    body = fact.body
    if not isinstance(body, Received | QuestionsAnswered) or not must_seal([fact]):
        return fact
    changes: dict[str, object] = {"answers": tuple(_seal(key, answer) for answer in body.answers)}
    if isinstance(body, Received):
        changes["unread"] = tuple(_seal(key, answer) for answer in body.unread)
    if made is not None:
        changes["reporter_ref"] = made
    return fact.model_copy(update={"body": body.model_copy(update=changes)})


def _seal(key: Key, answer: A) -> A:
    """Seal one answer. One that is not personal stays as it is, and so does one that another case has sealed."""
    if answer.sealed or (isinstance(answer, QuestionAnswer) and answer.reading is not Reading.PERSONAL):
        return answer
    names = () if isinstance(answer, UnreadAnswer) else answer.names  # the options that were chosen
    content = to_json({"values": answer.values, "names": names})
    changes: dict[str, object] = {
        "values": (),
        "sealed": seal_content(key.content, _kept(key.reference, answer.question), content),
    }
    changes |= {} if isinstance(answer, UnreadAnswer) else {"names": ()}
    return cast("A", answer.model_copy(update=changes))


def _open(key: Key, answer: Answer) -> dict[str, object]:
    content = json.loads(open_content(key.content, _kept(key.reference, answer.question), answer.sealed))
    names = tuple(Option.model_validate(one, context=STORED) for one in content["names"])
    return {"values": tuple(content["values"]), **({"names": names} if names else {})}


def _kept(reference: UUID, question: str) -> bytes:
    """What an answer is bound to: moved to another question or reporter it does not open."""
    return b"gridloop answer " + reference.bytes + question.encode()


def _on_the_way(reference: UUID) -> bytes:
    return b"gridloop answers " + reference.bytes
