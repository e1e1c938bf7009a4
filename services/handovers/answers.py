"""The answers of receivers by call-back: signed, taken once, and recorded as commands of the receiver's account."""

import base64
import binascii
import hashlib
import hmac
import io
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import text

from activities.channels.webhook import sign
from infra.case_client import act_as_system
from infra.database import transaction
from infra.keys.access import keys_of
from infra.store.cases import read_case
from infra.store.context import read_person
from infra.store.handovers import change_handover, read_handover, read_secret
from models.commands import HumanCommand, Inform
from models.context import Person
from models.errors import (
    AlreadyArchived,
    AnswerIdReused,
    BrokenForm,
    CommandIdReused,
    DomainError,
    InputError,
    NoSuchPage,
    SignatureRefused,
    StoreAway,
)
from models.handovers import OVER, AnswerKind, AnswerReceipt, Handover, HandoverAnswer, HandoverStatus, Recorded
from models.ids import derived_id
from models.messages import SystemAct
from services.attachments.intake import store_upload
from services.commands.send import read_command, send
from services.runtime.resources import Resources

#: How many seconds a signature holds, before and after (our choice).
SIGNATURE_SECONDS = 300
_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_BEGIN = text("""
    INSERT INTO handover_answers (handover, answer_id, at, digest) VALUES (:id, :answer, :at, :digest)
    ON CONFLICT DO NOTHING
""")
_READ = text("SELECT digest, recorded_as, why FROM handover_answers WHERE handover = :id AND answer_id = :answer")
_END = text("""
    UPDATE handover_answers SET recorded_as = :as_, why = :why WHERE handover = :id AND answer_id = :answer
""")
_FORGET = text("DELETE FROM handover_answers WHERE handover = :id AND answer_id = :answer AND recorded_as IS NULL")
#: A refusal from this status on is the system's, and passes.
_UNAVAILABLE = 500


async def take_answer(resources: Resources, id_: UUID, signature: str, body: bytes, now: datetime) -> AnswerReceipt:
    """Take an answer to a hand-over. The same again gets the same receipt, and counts once.

    Raises NoSuchPage, SignatureRefused, ValidationError for another body than a HandoverAnswer, AnswerIdReused, what
    the far side can correct (bad text, a bad file: nothing is stored, and the id is free for the corrected answer), and
    StoreAway: to be sent again.
    """
    async with resources.engine.connect() as connection:
        handover = await read_handover(connection, id_)
        if handover is None:
            raise NoSuchPage(what=str(id_))
        secret = await read_secret(connection, keys_of(resources.engine).ring, handover.receiver)
    check_signature(secret, signature, body, now)
    answer = HandoverAnswer.model_validate_json(body)
    key = {"id": id_, "answer": answer.answer_id}
    digest = hashlib.sha256(answer.model_dump_json().encode()).hexdigest()
    async with transaction(resources.engine) as connection:
        await connection.execute(_BEGIN, {**key, "at": now, "digest": digest})
        known = (await connection.execute(_READ, key)).one()
    if known.digest != digest:
        raise AnswerIdReused(answer_id=answer.answer_id)
    if known.recorded_as is not None:
        return AnswerReceipt(answer_id=answer.answer_id, recorded_as=known.recorded_as, repeated=True, why=known.why)
    try:
        recorded, why = await _record(resources, handover, answer, now)
    except (DomainError, ValidationError) as error:
        if isinstance(error, CommandIdReused) or (isinstance(error, DomainError) and error.status >= _UNAVAILABLE):
            raise
        async with transaction(resources.engine) as connection:
            await connection.execute(_FORGET, key)
        raise
    async with transaction(resources.engine) as connection:
        await connection.execute(_END, {**key, "as_": recorded.value, "why": why})
    return AnswerReceipt(answer_id=answer.answer_id, recorded_as=recorded, why=why)


def check_signature(secret: str | None, signature: str, body: bytes, now: datetime) -> None:
    """Raise SignatureRefused unless the header signs the body by the secret, within `SIGNATURE_SECONDS` of now."""
    found = _SIGNATURE.fullmatch(signature)
    if found is None or secret is None or abs(now.timestamp() - int(found[1])) > SIGNATURE_SECONDS:
        raise SignatureRefused()
    if not hmac.compare_digest(found[2], sign(secret, found[1], body)):
        raise SignatureRefused()


async def _record(
    resources: Resources, handover: Handover, answer: HandoverAnswer, now: datetime
) -> tuple[Recorded, str | None]:
    """Record the answer as a step of the case; as a note, with the reason, where the case has moved on."""
    if answer.kind is AnswerKind.RECEIVED:
        await _note_received(resources, handover, answer)
        return Recorded.KEPT, None
    async with resources.engine.connect() as connection:
        case = await read_case(connection, handover.report_id)
        person = await read_person(connection, handover.account)
    assert case is not None, "the hand-over refers to its case"
    assert person is not None, "machine accounts stay"
    command_id = derived_id(handover.id, "answer", answer.answer_id)
    why = "handover_over" if handover.departed_at is not None or handover.status in OVER else None
    if why is None:
        command = _command(answer, await _store_files(resources, person, answer, now))
        try:
            await send(resources, person, case.case_no, command, command_id=command_id, if_revision=None, now=now)
            return Recorded.FACT, None
        except (InputError, StoreAway, CommandIdReused):
            raise
        except DomainError as error:
            if error.status >= _UNAVAILABLE or error.status in (413, 422, 429):
                raise
            why = error.code
    note = Inform(
        matter_kind="handover", code=handover.receiver, name=person.username, what="handover_note",
        values={"kind": answer.kind.value}, note=answer.text or "",
    )  # fmt: skip
    try:
        await act_as_system(resources.temporal, handover.report_id, SystemAct(id=command_id, command=note))
    except AlreadyArchived:
        return Recorded.KEPT, AlreadyArchived.code
    return Recorded.NOTE, why


async def _note_received(resources: Resources, handover: Handover, answer: HandoverAnswer) -> None:
    """The receiver says that it has the case, perhaps before our request for that had its answer."""
    async with transaction(resources.engine) as connection:
        current = await read_handover(connection, handover.id, lock=True)
        if current is None or current.status in OVER or current.departed_at is not None:
            return
        values: dict[str, Any] = {"far_id": answer.far_id or current.far_id}
        if current.status is not HandoverStatus.SENT:
            values |= {"status": HandoverStatus.SENT.value, "next_try_at": None, "failure": None}
        await change_handover(connection, handover.id, **values)


async def _store_files(resources: Resources, person: Person, answer: HandoverAnswer, now: datetime) -> tuple[str, ...]:
    hashes = []
    for file in answer.files:
        try:
            content = base64.b64decode(file.content, validate=True)
        except (binascii.Error, ValueError):
            raise BrokenForm() from None
        stored = await store_upload(resources.engine, resources.settings, person, io.BytesIO(content), now)
        hashes.append(stored.view.sha256)
    return tuple(hashes)


def _command(answer: HandoverAnswer, files: tuple[str, ...]) -> HumanCommand:
    match answer.kind:
        case AnswerKind.COMPLETED:
            return read_command("complete", {"result": answer.text, "evidence": files, "answer": answer.reply})
        case AnswerKind.RETURNED:
            return read_command("return", {"reason": answer.text})
        case _:
            return read_command("report_progress", {"note": answer.text, "attachments": files})
