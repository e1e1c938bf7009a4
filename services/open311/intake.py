"""Reports from programs: checked as those of the public form, submitted once for each id of the client's making."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.case_client import is_started
from infra.database import transaction
from models.answers import Asked, GivenAnswer
from models.base import Code, Frozen, Line, Phone, Text
from models.commands import GivenLocation
from models.enums import Source
from models.errors import (
    AnswerNotUnderstood,
    DomainError,
    NoSuchServiceToken,
    PlaceOutsidePark,
    ReportIdReused,
    UnknownGrid,
)
from models.ids import derived_id, new_id
from models.policy.document import Category
from models.policy.questions import Door
from rules.questions import pointer_to, private_codes
from services.accounts.limits import open311_limit
from services.attachments.files import Limits
from services.attachments.intake import store_upload
from services.open311.account import open311_account
from services.open311.catalogue import asked_questions, find_service, photo_questions, read_policy
from services.open311.keys import Key, check_reach, find_key
from services.open311.media import MediaUrls, keep_media
from services.organisation.locate import find_unit_at
from services.reports.report_input import ReportInput
from services.reports.reporter_input import ReporterInput
from services.reports.submit import check, submit
from services.runtime.resources import Resources
from services.wording.input_faults import fault_text

#: The longest description (GeoReport v2), and the most files and addresses of files together (as the public form).
MOST_CHARACTERS, MOST_MEDIA = 4_000, 3
#: What FixMyStreet sends as `address_id` where nobody pointed at the map.
NOT_PINPOINTED = "#NOTPINPOINTED#"

#: The fields by which a report is the same.
_SAID = {"service_code", "description", "location", "unit", "address", "attributes"}
ClientId = Annotated[Line, StringConstraints(min_length=1, max_length=200)]


class Posted(Frozen):
    """What a program says in a report. Of the place it gives `location`, `unit` (as `address_id`) or `address`."""

    service_code: Code
    client_id: ClientId | None = None
    description: Annotated[Text, StringConstraints(max_length=MOST_CHARACTERS)] = ""
    location: GivenLocation | None = None
    unit: Code | None = None
    address: Annotated[Text, StringConstraints(max_length=200)] = ""
    #: Both names, with a space between them, fit into the one name that is kept.
    first_name: Annotated[Line, StringConstraints(max_length=40)] = ""
    last_name: Annotated[Line, StringConstraints(max_length=39)] = ""
    phone: Phone | None = None
    anonymous: bool = False
    attributes: Annotated[dict[str, list[str]], Field(max_length=60)] = Field(default_factory=dict)
    media_urls: MediaUrls = ()

    def digest(self, private: Collection[str]) -> bytes:
        """Of what the report says: files and the reporter's data are left out, as they are by the other doors, and
        `private` attributes, which nobody may find by trying.
        """
        said = self.model_dump(mode="json", include=_SAID)
        said["attributes"] = {code: values for code, values in said["attributes"].items() if code not in private}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()

    def is_told_by(self, digest: bytes, private: Collection[str]) -> bool:
        """Whether a digest is of this report. One of an earlier version has all attributes."""
        return digest in (self.digest(private), self.digest(()))


POSTED = TypeAdapter(Posted)
_ANSWER: TypeAdapter[tuple[str, ...]] = TypeAdapter(GivenAnswer)


@dataclass(frozen=True)
class Taken:
    """The result of a report: the number of its case, or, where that is not recorded yet, only its token."""

    report_id: UUID
    number: str | None


@dataclass(frozen=True)
class Sent:
    """A report as it came: what it says, and its files."""

    posted: Posted
    files: Sequence[IO[bytes]] = field(default=())


_EARLIER = text("""
SELECT r.digest, coalesce(c.case_no, o.case_no) AS case_no
FROM open311_reports r LEFT JOIN cases c ON c.report_id = r.report_id
    LEFT JOIN retired_cases o ON o.report_id = r.report_id
WHERE r.report_id = :report
""")
_KEEP = text("""
INSERT INTO open311_reports (report_id, key, client_id, digest, attributes, created_at)
VALUES (:report, :key, :client, :digest, CAST(:attributes AS jsonb), :now) ON CONFLICT (report_id) DO NOTHING
RETURNING 1
""")
_FORGET = text("""
DELETE FROM open311_reports r WHERE r.report_id = :report
  AND NOT EXISTS (SELECT FROM cases c WHERE c.report_id = r.report_id)
""")
_FORGET_MEDIA = text("""
DELETE FROM open311_media m WHERE m.report_id = :report
  AND NOT EXISTS (SELECT FROM cases c WHERE c.report_id = m.report_id)
""")
_TOKEN = text("""
SELECT coalesce(c.case_no, o.case_no) AS case_no FROM open311_reports r LEFT JOIN cases c ON c.report_id = r.report_id
    LEFT JOIN retired_cases o ON o.report_id = r.report_id
WHERE r.report_id = :report
""")


async def take_key(resources: Resources, given: str | None, now: datetime) -> Key:
    """Return the key of a program, of which one use is counted. Raises Open311KeyWrong and TooManyAttempts."""
    async with transaction(resources.engine) as connection:
        key = await find_key(connection, given, now)
    await open311_limit(key.per_hour).use(resources.engine, str(key.id), now)
    return key


async def take_report(resources: Resources, key: Key, sent: Sent, limits: Limits, now: datetime) -> Taken:
    """Submit a report of a program. Sent again under the same id of its making, it is the same case.

    `limits`: of each file. Raises NoSuchService, Open311KeyElsewhere, ReportIdReused for another report under the id
    of an earlier one, what `store_upload` and `reports.submit.submit` raise, and StoreAway; then nothing was reported.
    """
    posted = sent.posted
    report_id = new_id() if posted.client_id is None else derived_id("open311", key.id, posted.client_id)
    async with transaction(resources.engine) as connection:
        row = (await connection.execute(_EARLIER, {"report": report_id})).one_or_none()
        policy = await read_policy(connection)
        private = private_codes(policy, posted.service_code, posted.attributes)
        if row is not None and not posted.is_told_by(bytes(row.digest), private):
            raise ReportIdReused(pointer="/client_request_id")
        if row is not None and row.case_no is not None:
            return Taken(report_id, row.case_no)
        person = await open311_account(connection)
        category = find_service(policy, posted.service_code)
        grid = await _find_place(connection, key, posted)
    if row is not None and await is_started(resources.temporal, report_id):
        return Taken(report_id, None)
    report = _report(report_id, posted, grid, category)
    photos = photo_questions(category)
    if not (photos and sent.files):  # else only the stored photos can answer
        await check(resources, person, report, now)
    stored = tuple(
        [
            (await store_upload(resources.engine, resources.settings, person, file, now, limits)).view.sha256
            for file in sent.files
        ]
    )
    if stored:
        answers = {**(report.answers or {}), **{one.code: stored for one in photos}}
        report = report.model_copy(update={"attachments": stored, "answers": answers})
    await _keep(resources, key, report_id, posted, category, private, now)
    try:
        submitted = await submit(resources, person, report, now)
    except ReportIdReused:
        # Sent twice at the same time, with other files: the first one counts.
        async with resources.reading.connect() as connection:
            row = (await connection.execute(_EARLIER, {"report": report_id})).one_or_none()
        if row is None or row.case_no is None or not posted.is_told_by(bytes(row.digest), private):
            raise
        return Taken(report_id, row.case_no)
    except DomainError as error:
        if error.status < 500:
            await _forget(resources, report_id)
        raise
    return Taken(report_id, submitted.receipt.case_no if submitted.receipt else None)


async def read_token(resources: Resources, given: str) -> Taken:
    """Return what has become of the report of a token, also once its case was retired. Raises NoSuchServiceToken."""
    try:
        report_id = UUID(given)
    except ValueError as error:
        raise NoSuchServiceToken() from error
    async with resources.reading.connect() as connection:
        row = (await connection.execute(_TOKEN, {"report": report_id})).one_or_none()
    if row is None:
        raise NoSuchServiceToken()
    return Taken(report_id, row.case_no)


async def _find_place(connection: AsyncConnection, key: Key, posted: Posted) -> str:
    """Return the unit of the report, which the key must reach: that of the point, the one named, else the key's own.

    Raises PlaceOutsidePark, UnknownGrid, Open311KeyElsewhere.
    """
    if posted.location is not None:
        found = await find_unit_at(connection, posted.location.lat, posted.location.lon)
        if found is None:
            raise PlaceOutsidePark(pointer="/lat")
        await check_reach(connection, key, found)
        return found
    if posted.unit is None:
        return key.unit
    known = text("SELECT 1 FROM grid_units WHERE code = :unit AND retired_on IS NULL")
    if await connection.scalar(known, {"unit": posted.unit}) is None:
        raise UnknownGrid(grid=posted.unit, pointer="/address_id")
    await check_reach(connection, key, posted.unit)
    return posted.unit


def _report(report_id: UUID, posted: Posted, grid: str, category: Category) -> ReportInput:
    place = f"\n地点: {posted.address}" if posted.address else ""
    name = " ".join(filter(None, (posted.first_name, posted.last_name)))
    reporter = ReporterInput(name=name or None, phone=posted.phone, anonymous=posted.anonymous)
    return ReportInput(
        report_id=report_id,
        category=posted.service_code,
        description=f"{posted.description}{place}".strip(),
        grid=grid,
        location=posted.location,
        source=Source.OPEN311,
        answers={one.code: _answer(one.code, posted) for one in asked_questions(category)},
        asked=Asked(door=Door.OPEN311),
        reporter=reporter if name or posted.phone or posted.anonymous else None,
    )


def _answer(question: str, posted: Posted) -> tuple[str, ...]:
    """Return what an attribute answers, in the form of every door. Raises AnswerNotUnderstood."""
    try:
        return _ANSWER.validate_python(posted.attributes.get(question, []))
    except ValidationError as error:
        fault = error.errors()[0]
        raise AnswerNotUnderstood(
            question=question, why_zh=fault_text(fault, "zh"), why_en=fault_text(fault, "en"),
            pointer=pointer_to(question),
        ) from error  # fmt: skip


def _unasked(posted: Posted, category: Category) -> dict[str, list[str]]:
    """Return the attributes that no question asks for."""
    asked = {one.code for one in asked_questions(category)}
    return {code: values for code, values in posted.attributes.items() if code not in asked}


async def _keep(
    resources: Resources,
    key: Key,
    report_id: UUID,
    posted: Posted,
    category: Category,
    private: Collection[str],
    now: datetime,
) -> None:
    """Write down whose report it is, and which media are to be fetched, before it is acknowledged.

    Raises ReportIdReused where another report under its id was written down meanwhile.
    """
    async with transaction(resources.engine) as connection:
        values = {
            "report": report_id, "key": key.id, "client": posted.client_id, "now": now,
            "digest": posted.digest(private),
            "attributes": json.dumps(_unasked(posted, category), ensure_ascii=False),
        }  # fmt: skip
        if await connection.scalar(_KEEP, values) is not None:
            await keep_media(connection, report_id, posted.media_urls, now, of=report_id)
            return
        row = (await connection.execute(_EARLIER, {"report": report_id})).one_or_none()
        if row is not None and not posted.is_told_by(bytes(row.digest), private):
            raise ReportIdReused(pointer="/client_request_id")


async def _forget(resources: Resources, report_id: UUID) -> None:
    """Remove what was kept of a report that was refused."""
    async with transaction(resources.engine) as connection:
        await connection.execute(_FORGET_MEDIA, {"report": report_id})
        await connection.execute(_FORGET, {"report": report_id})
