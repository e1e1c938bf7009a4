"""Updates of service requests, both ways (the extension `servicerequestupdates` of mySociety).

Outwards they are what the public progress page says of a case. Inwards they are what a reporter says by their code: an
answer to a question, a remark, or that it is not solved.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints, TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database import transaction
from infra.settings import Settings
from infra.store.cases import fact_of
from infra.store.driver import all_rows
from models.base import NOTE_LENGTH, STORED, Code, Frozen, Line, Note, WrittenInstant
from models.case import Case
from models.commands import Comment, HumanCommand, RequestReopen, SupplyInfo
from models.enums import Source, Stage
from models.errors import NoSuchRequest, UpdateNotNow
from models.ids import derived_id
from services.cases.names import read_names
from services.commands.send import send
from services.open311.account import open311_account
from services.open311.catalogue import read_policy
from services.open311.keys import Key
from services.open311.leads import LED, read_leads
from services.open311.media import MediaUrls, keep_media
from services.open311.periods import Period
from services.open311.public_cases import PUBLIC, public_values
from services.open311.requests import moment_text
from services.open311.states import word_after
from services.public.progress import OF_THE_REPORTER, PUBLIC_KINDS, public_text
from services.runtime.resources import Resources

#: The most updates of one answer; the rest is asked for from the last one's time on.
MOST = 1_000

_FACTS = f"""
    SELECT f.report_id, f.seq, c.state
    FROM facts f JOIN cases c ON c.report_id = f.report_id
    WHERE f.at >= %(begin)s AND f.at < %(end)s AND f.body ->> 'kind' = ANY (%(kinds)s) AND {PUBLIC}
    ORDER BY f.at, f.report_id, f.seq LIMIT %(limit)s
"""  # noqa: S608 only conditions of our own code are put in, values are parameters
#: What has happened since to the cases that public merged cases follow.
_LED_FACTS = f"""
    {LED.format(public=PUBLIC)}
    SELECT f.report_id, f.seq, led.member, c.state
    FROM led JOIN cases l ON l.report_id = led.lead JOIN cases c ON c.report_id = led.member
    JOIN facts f ON f.report_id = led.lead
    WHERE NOT l.category = ANY (%(private)s) AND f.at >= greatest(%(begin)s, led.since) AND f.at < %(end)s
        AND f.body ->> 'kind' = ANY (%(shared)s)
    ORDER BY f.at, f.report_id, f.seq LIMIT %(limit)s
"""  # noqa: S608 only conditions of our own code are put in, values are parameters
_BODIES = text("""
SELECT report_id, seq, at, actor, command_id, command, digest, version, body FROM facts
WHERE (report_id, seq) IN (SELECT * FROM unnest(CAST(:reports AS uuid[]), CAST(:numbers AS int[])))
""")
_OWN = text("""
SELECT c.report_id, c.state FROM cases c JOIN grid_units k ON k.code = :unit JOIN grid_units g ON g.code = c.grid
WHERE c.case_no = :number AND c.source = :source AND g.path <@ k.path
""")
_RECORDED = text("SELECT command FROM facts WHERE report_id = :report AND command_id = :command LIMIT 1")


@dataclass(frozen=True)
class _Row:
    """A fact of a case that is told to a request: its own, or of the case that it follows."""

    report_id: UUID
    seq: int
    member: UUID
    state: dict[str, Any]


class Word(StrEnum):
    """The state that an update of a program claims (mySociety's words)."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    FIXED = "FIXED"
    IN_PROGRESS = "IN_PROGRESS"
    PLANNED = "PLANNED"
    ACTION_SCHEDULED = "ACTION_SCHEDULED"
    INVESTIGATING = "INVESTIGATING"
    DUPLICATE = "DUPLICATE"
    NOT_COUNCILS_RESPONSIBILITY = "NOT_COUNCILS_RESPONSIBILITY"
    NO_FURTHER_ACTION = "NO_FURTHER_ACTION"
    INTERNAL_REFERRAL = "INTERNAL_REFERRAL"
    CANCELLED = "CANCELLED"
    REOPEN = "REOPEN"
    FOR_TRIAGE = "FOR_TRIAGE"
    UNCHANGED = "UNCHANGED"


#: The words by which the reporter of a closed case says that it is not solved.
_NOT_SOLVED = frozenset({Word.REOPEN, Word.OPEN})


class PostedUpdate(Frozen):
    """An update of a program. `update_id`: of its own making; the same one counts once."""

    service_request_id: Code
    update_id: Annotated[Line, StringConstraints(min_length=1, max_length=200)]
    status: Word
    updated_datetime: WrittenInstant
    description: Note
    media_urls: MediaUrls = ()


POSTED_UPDATE = TypeAdapter(PostedUpdate)


async def list_updates(
    connection: AsyncConnection, settings: Settings, park: str, period: Period, now: datetime, language: str
) -> list[dict[str, Any]]:
    """Return what everybody was told of public cases within that time, the oldest first.

    A merged case is told what happens to the one that it is handled with.
    """
    values = public_values(settings, await read_policy(connection), park, now)
    values |= {"begin": period.begin, "end": period.end, "kinds": sorted(PUBLIC_KINDS), "limit": MOST}
    values |= {"shared": sorted(PUBLIC_KINDS - OF_THE_REPORTER)}
    rows = [_Row(report, seq, report, state) for report, seq, state in await all_rows(connection, _FACTS, values)]
    rows += [_Row(*row) for row in await all_rows(connection, _LED_FACTS, values)]
    keys = {"reports": [row.report_id for row in rows], "numbers": [row.seq for row in rows]}
    facts = {(one.report_id, one.seq): fact_of(one) for one in await connection.execute(_BODIES, keys)}
    cases = {row.member: Case.model_validate(row.state, context=STORED) for row in rows}
    followed = await read_leads(connection, cases.values(), values["private"])
    leads = [one for chain in followed.values() for one in chain]
    names = await read_names(connection, [*cases.values(), *leads], language)
    found = []
    for row in sorted(rows, key=lambda row: (facts[row.report_id, row.seq].at, row.member, row.seq))[:MOST]:
        fact, case = facts[row.report_id, row.seq], cases[row.member]
        said = public_text(fact, names)
        if said is not None:
            own = row.report_id == row.member
            found.append(
                {
                    "update_id": f"{case.case_no}-{row.seq}"
                    if own
                    else f"{case.case_no}-{_mark(row.report_id)}-{row.seq}",
                    "service_request_id": case.case_no,
                    "status": word_after(fact.body, followed=not own or row.member in followed),
                    "updated_datetime": moment_text(fact.at),
                    "description": said,
                    "media_url": None,
                    "external_status_code": fact.body.kind,
                }
            )
    return found


def _mark(report_id: UUID) -> str:
    """Return what tells the cases apart that one follows, without the number of any."""
    return hashlib.sha256(report_id.bytes).hexdigest()[:8]


async def take_update(resources: Resources, key: Key, update: PostedUpdate, now: datetime) -> str:
    """Give an update to its case, once for each `update_id` of the key; return that id.

    An open case gets it as the answer to its question, else as a remark; a closed one as the wish to reopen it. Raises
    NoSuchRequest for a case that did not come by Open311 within the key's unit, UpdateNotNow for any other word about a
    closed case, CommandIdReused for another case under the same id, and what `services.commands.send.send` raises.
    """
    values = {"number": update.service_request_id, "source": Source.OPEN311.value, "unit": key.unit}
    async with transaction(resources.engine) as connection:
        person = await open311_account(connection)
        row = (await connection.execute(_OWN, values)).one_or_none()
        if row is None:
            raise NoSuchRequest(number=update.service_request_id)
        case = Case.model_validate(row.state, context=STORED)
        command_id = derived_id("open311-update", key.id, update.update_id)
        known = await connection.scalar(_RECORDED, {"report": row.report_id, "command": command_id})
    if known is None:
        command = _command(case, update)
        await send(resources, person, case.case_no, command, command_id=command_id, if_revision=None, now=now)
    # Also after one that was recorded before: its files may not have been written down yet.
    async with transaction(resources.engine) as connection:
        await keep_media(connection, row.report_id, update.media_urls, now, of=command_id)
    return update.update_id


def _command(case: Case, update: PostedUpdate) -> HumanCommand:
    if case.stage is not Stage.CLOSED:
        if case.info_request is not None:
            return SupplyInfo(note=update.description)
        with_word = f"[{update.status}] {update.description}"
        # Where both have no room, the word goes: nothing of what was said may be lost.
        return Comment(note=with_word if len(with_word) <= NOTE_LENGTH else update.description)
    if update.status not in _NOT_SOLVED:
        raise UpdateNotNow(number=case.case_no, pointer="/status")
    return RequestReopen(reason=update.description)
