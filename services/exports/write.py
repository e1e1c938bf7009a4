"""Write the file of an export in its format, whole or not at all."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.context import Person
from models.errors import TooLongToWaitFor
from models.jobs.export import ExportFormat
from services.exports.answer_columns import answer_columns
from services.exports.asked import Asked, Progress, Written, ignore_progress
from services.exports.flat import FlatWriter
from services.exports.request import MAX_DIRECT_ROWS, ExportRequest, count_rows
from services.exports.workbook import WorkbookWriter


@dataclass(frozen=True)
class Writer:
    """Writes for one person, as of one moment, on a connection whose transaction sees one state of the database."""

    connection: AsyncConnection
    person: Person
    request: ExportRequest
    now: datetime
    language: str
    progress: Progress = ignore_progress

    async def write(self) -> Written:
        """Write the file. Raises NotYours, NoSuchPage and BadFilter, as the list itself; and what `progress` and the
        database raise: nothing of a file is left then.
        """
        version = await newest_version(self.connection)
        policy = await policy_version(self.connection, version)
        asked = Asked(self.connection, self.person, self.request, self.now, self.language)
        kind = WorkbookWriter if self.request.format is ExportFormat.XLSX else FlatWriter
        columns = answer_columns(policy, *self.request.asked_about, self.language)
        return await kind(asked, self.progress, version, ZoneInfo(policy.zone), columns).write()


async def write_now(
    connection: AsyncConnection, person: Person, request: ExportRequest, now: datetime, language: str
) -> Written:
    """Write the file of a short list while a person waits. Raises TooLongToWaitFor, and what the list itself
    refuses.
    """
    count = await count_rows(connection, person, request, now)
    if count > MAX_DIRECT_ROWS:
        raise TooLongToWaitFor(count=count, most=MAX_DIRECT_ROWS)
    return await Writer(connection, person, request, now, language).write()
