"""The file of an export, read for its owner: whole, and without a case that they may not see any more."""

import re
import zipfile
from asyncio import to_thread
from collections.abc import AsyncIterator
from datetime import date, datetime
from tempfile import SpooledTemporaryFile
from typing import IO
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.conflicts import conflicted_cases
from models.context import Person
from models.jobs.export import ExportFormat
from models.tables import CASES, EXPORT_PIECES

#: Bytes of a file that are kept in memory; what is larger lies on the disk while it is sent.
_IN_MEMORY = 4 * 2**20
_CHUNK = 256 * 1024
#: What may be the number of a case.
_LONG_NUMBER = re.compile(rb"\d{12,40}")
#: Cases that have personal answers, and whose reporter was erased.
_ERASED_SINCE = text(
    "SELECT c.case_no FROM reporters r JOIN cases c ON c.reporter_ref = r.id WHERE r.erased_at >= :since"
    """ AND c.state -> 'answers' @> '[{"reading": "personal"}]'"""
)


async def read_file(connection: AsyncConnection, id_: UUID) -> IO[bytes]:
    """Return the stored file, open at its beginning, as far as it is there: a copy, so that it is sent whole even if
    it is removed meanwhile, and a slow reader holds no connection.
    """
    p = EXPORT_PIECES.c
    # It is closed by whoever sends it.
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    number = 0
    while (piece := await connection.scalar(select(p.content).where(p.export == id_, p.number == number))) is not None:
        await to_thread(file.write, bytes(piece))
        number += 1
    file.seek(0)
    return file


async def holds_hidden_case(
    connection: AsyncConnection, person: Person, day: date, file: IO[bytes], format_: ExportFormat
) -> bool:
    """Whether the file names a case from which the person has to step aside on `day`."""
    conflicted = conflicted_cases(person, day)
    if conflicted is None:
        return False
    rows = await connection.execute(select(CASES.c.case_no).where(CASES.c.report_id.in_(conflicted)))
    return await _names_one(file, format_, frozenset(rows.scalars()))


async def holds_erased_answers(
    connection: AsyncConnection, asked_at: datetime, file: IO[bytes], format_: ExportFormat
) -> bool:
    """Whether the file, asked for at that time, names a case whose personal answers were erased since."""
    rows = await connection.execute(_ERASED_SINCE, {"since": asked_at})
    return await _names_one(file, format_, frozenset(rows.scalars()))


async def _names_one(file: IO[bytes], format_: ExportFormat, numbers: frozenset[str]) -> bool:
    return bool(numbers) and not numbers.isdisjoint(await to_thread(_long_numbers, file, format_))


def _long_numbers(file: IO[bytes], format_: ExportFormat) -> set[str]:
    found: set[bytes] = set()
    if format_ is ExportFormat.XLSX:
        with zipfile.ZipFile(file) as workbook:
            for name in workbook.namelist():
                with workbook.open(name) as part:
                    _collect_numbers(part, found)
    else:
        _collect_numbers(file, found)
    file.seek(0)
    return {number.decode() for number in found}


def _collect_numbers(part: IO[bytes], found: set[bytes]) -> None:
    rest = b""
    while chunk := part.read(_CHUNK):
        found |= set(_LONG_NUMBER.findall(rest + chunk))
        rest = chunk[-40:]


async def pieces_of(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The bytes of the file, which is closed at the end."""
    try:
        while chunk := await to_thread(file.read, _CHUNK):
            yield chunk
    finally:
        file.close()
