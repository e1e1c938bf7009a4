"""Files that a report names by their addresses: fetched later, so that none of them keeps a report waiting or loses it.

Each worker looks for what is due; a file is taken by one at a time. What can't be fetched is tried again for a day, and
then left: the case says that it was named.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import structlog
from pydantic import StringConstraints
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database import is_away, reason, transaction
from infra.outages import DATABASE
from infra.outgoing import outgoing_of
from infra.store.cases import read_case
from infra.store.policies import policy_version
from infra.store.sealed_answers import open_answers, with_opened
from models.answers import values_of
from models.base import Line
from models.case import Case
from models.commands import AnswerQuestions, Attach, Comment
from models.context import Person
from models.errors import (
    AddressRefused,
    AnswerNotKept,
    AnswerTooLarge,
    AttachmentEmpty,
    AttachmentTooLarge,
    AttachmentTypeRefused,
    DomainError,
    MediaNotThere,
    NoSuchCase,
    RedirectRefused,
    WrongStage,
)
from models.ids import derived_id
from services.attachments.files import Limits
from services.attachments.intake import limits_of, store_upload
from services.commands.send import send
from services.open311.account import open311_account
from services.open311.catalogue import photo_questions
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)

#: Seconds between two looks for what is due, and for how long one file is one worker's.
LOOK_EVERY, LEASE = 5.0, timedelta(minutes=2)
#: Seconds for one fetch.
FETCH_SECONDS = 60.0
#: How long a file waits for the case to be recorded; after that it counts as one that could not be fetched.
UNRECORDED = timedelta(days=1)
#: After how long a file that could not be fetched is tried again; after the last it is left.
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=18))

#: Failures that another try would not mend.
_FINAL = (
    AddressRefused, AnswerTooLarge, RedirectRefused, AttachmentEmpty, AttachmentTooLarge, AttachmentTypeRefused,
    WrongStage,
)  # fmt: skip

#: Addresses of files as a report or an update names them.
MediaUrls = tuple[Annotated[Line, StringConstraints(max_length=2_000)], ...]

_INSERT = text("""
INSERT INTO open311_media (id, report_id, url, attempts, next_at, created_at)
VALUES (:id, :report, :url, 0, :now, :now) ON CONFLICT (id) DO NOTHING
""")
_TAKE = text("""
UPDATE open311_media SET next_at = :lease, attempts = attempts + 1 WHERE id = (
  SELECT id FROM open311_media WHERE url IS NOT NULL AND next_at <= :now ORDER BY next_at LIMIT 1
  FOR UPDATE SKIP LOCKED)
RETURNING id, report_id, url, attempts, created_at
""")
_SETTLE = text("UPDATE open311_media SET url = NULL, sha256 = :sha256, failure = :failure WHERE id = :id")
_LATER = text("UPDATE open311_media SET next_at = :at, failure = :failure WHERE id = :id")
#: Nothing was fetched: the case is being recorded.
_WAIT = text("UPDATE open311_media SET next_at = :at, attempts = attempts - 1 WHERE id = :id")


async def keep_media(
    connection: AsyncConnection, report_id: UUID, urls: Sequence[str], now: datetime, *, of: UUID
) -> None:
    """Write down the files to fetch for a report, in the caller's transaction. `of`: the report or command that named
    them; for each, a file is written down once."""
    for url in dict.fromkeys(urls):
        await connection.execute(_INSERT, {"id": _id_of(of, url), "report": report_id, "url": url, "now": now})


@dataclass(frozen=True)
class _Taken:
    id: UUID
    report_id: UUID
    url: str
    attempts: int
    created_at: datetime


@asynccontextmanager
async def fetching_media(resources: Resources) -> AsyncIterator[None]:
    """Fetch what is due until the block ends."""
    task = asyncio.create_task(_run(resources))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _run(resources: Resources) -> None:
    while True:
        try:
            while await fetch_next(resources, datetime.now(UTC)):
                pass
        except Exception as error:
            if is_away(error):
                DATABASE.note_away(reason(error), lost="media of Open311")
            else:
                log.error("media not fetched", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(LOOK_EVERY)


async def fetch_next(resources: Resources, now: datetime) -> bool:
    """Fetch one file that is due, and attach it to its case; return whether there was one."""
    async with transaction(resources.engine) as connection:
        row = (await connection.execute(_TAKE, {"now": now, "lease": now + LEASE})).one_or_none()
        person = None if row is None else await open311_account(connection)
    if row is None or person is None:
        return False
    taken = _Taken(row.id, row.report_id, row.url, row.attempts, row.created_at)
    if await _unrecorded(resources, taken) and (age := now - taken.created_at) < UNRECORDED:
        # Acknowledged, and recorded in a moment; in hours where the database was away.
        values = {"id": taken.id, "at": now + max(timedelta(seconds=LOOK_EVERY), age / 10)}
        async with transaction(resources.engine) as connection:
            await connection.execute(_WAIT, values)
        return True
    try:
        sha256 = await _attach(resources, person, taken, now)
    except DomainError as error:
        log.warning("media of a report not attached", report_id=str(taken.report_id), reason=error.code)
        if taken.attempts <= len(RETRIES) and not isinstance(error, _FINAL):
            values = {"id": taken.id, "at": now + RETRIES[taken.attempts - 1], "failure": error.code}
            async with transaction(resources.engine) as connection:
                await connection.execute(_LATER, values)
            return True
        await _tell(resources, person, taken, error, now)
        settled = {"id": taken.id, "sha256": None, "failure": error.code}
    else:
        settled = {"id": taken.id, "sha256": sha256, "failure": None}
    async with transaction(resources.engine) as connection:
        await connection.execute(_SETTLE, settled)
    return True


async def _attach(resources: Resources, person: Person, taken: _Taken, now: datetime) -> str:
    """Fetch a file and attach it to its case; return its hash.

    Raises the errors of the guard, of `store_upload` and of the command; NoSuchCase while nothing is recorded.
    """
    case_no = (await _case(resources, taken)).case_no
    most = limits_of(resources.settings).file
    answer = await outgoing_of(resources.settings).request("GET", taken.url, total=FETCH_SECONDS, most=most)
    if answer.status != 200:
        raise MediaNotThere(http_status=answer.status)
    file, limits = io.BytesIO(answer.body), Limits(most, most)
    stored = await store_upload(resources.engine, resources.settings, person, file, now, limits)
    sha256 = stored.view.sha256
    command_id = derived_id(taken.report_id, "open311-media", taken.id)
    case = await _case(resources, taken)
    command = await _command(resources, case, taken, sha256, stored.view.media_type)
    # As it was read: a photo that another worker adds to the same answer meanwhile would be lost.
    revision = case.seq if isinstance(command, AnswerQuestions) else None
    try:
        await send(resources, person, case_no, command, command_id=command_id, if_revision=revision, now=now)
    except AnswerNotKept:  # the question is personal and the reporter was erased: the picture stays with the case
        attach = Attach(attachments=(sha256,))
        await send(resources, person, case_no, attach, command_id=command_id, if_revision=None, now=now)
    return sha256


async def _command(
    resources: Resources, case: Case, taken: _Taken, sha256: str, media_type: str
) -> Attach | AnswerQuestions:
    """Return how the case is given a file: a picture that the report named answers the questions for photos of its
    category, as files do that come with a report. Raises KeysAway where an earlier answer is sealed."""
    if taken.id != _id_of(taken.report_id, taken.url) or not media_type.startswith("image/"):
        return Attach(attachments=(sha256,))
    async with resources.reading.connect() as connection:
        category = (await policy_version(connection, case.policy_version)).category(case.category)
        known = values_of(with_opened(case, await open_answers(connection, case)).answers)
    answers = {
        one.code: (*(value for value in known.get(one.code, ()) if value != sha256), sha256)
        for one in (() if category is None else photo_questions(category))
    }
    if all(known.get(code) == values for code, values in answers.items()):
        return Attach(attachments=(sha256,))
    photos = dict.fromkeys(value for values in answers.values() for value in values)
    return AnswerQuestions(answers=answers, attachments=tuple(photos))


async def _tell(resources: Resources, person: Person, taken: _Taken, error: DomainError, now: datetime) -> None:
    """Tell those who have the case that a file was named which could not be had; a closed case is told nothing."""
    note = f"来件附有文件地址,未能取得,请按需向来件方索取:{error.message('zh')}"
    command_id = derived_id(taken.report_id, "open311-media-left", taken.id)
    try:
        case_no = (await _case(resources, taken)).case_no
        command = Comment(note=note[:2_000])
        await send(resources, person, case_no, command, command_id=command_id, if_revision=None, now=now)
    except DomainError as refused:
        if refused.status >= 500:
            raise
        log.info("nobody told of media", report_id=str(taken.report_id), reason=refused.code)


async def _unrecorded(resources: Resources, taken: _Taken) -> bool:
    async with resources.reading.connect() as connection:
        return await read_case(connection, taken.report_id) is None


async def _case(resources: Resources, taken: _Taken) -> Case:
    """Return the case. Raises NoSuchCase while nothing is recorded."""
    async with resources.reading.connect() as connection:
        case = await read_case(connection, taken.report_id)
    if case is None:
        raise NoSuchCase(case_no=taken.report_id)
    return case


def _id_of(named_by: UUID, url: str) -> UUID:
    """Return the id of a file that a report or command names."""
    return derived_id("open311-media-of", named_by, url)
