"""All public requests as one table (the proposed bulk format): 14 columns, RFC 4180, written as it is read."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.files.workbook import escape_cell
from services.open311.periods import Period
from services.open311.requests import Found, Wanted, list_requests, request_fields
from services.runtime.resources import Resources

COLUMNS = (
    "service_request_id", "requested_datetime", "updated_datetime", "closed_date", "status_description", "status_notes",
    "source", "service_name", "service_subtype", "description", "agency_responsible", "address", "lat", "long",
)  # fmt: skip
#: How many requests are read at once.
PIECE = 500


async def bulk_table(
    resources: Resources, park: str, statuses: frozenset[str], requested: Period | None, now: datetime, language: str
) -> AsyncIterator[str]:
    """Yield the table piece by piece, the newest request first. The first piece is its head.

    `requested` None: all that are public.
    """
    yield _lines([list(COLUMNS)])
    wanted = Wanted(statuses=statuses, requested=requested, page_size=PIECE)
    while True:
        async with resources.reading.connect() as connection:
            found = await list_requests(connection, resources.settings, park, wanted, now, language)
        if found.cases:
            yield _lines(_rows(found))
        if len(found.cases) < PIECE:
            return
        last = found.cases[-1].case
        wanted = replace(wanted, after=(last.reported_at, last.report_id))


def _rows(found: Found) -> list[list[Any]]:
    rows = []
    for one in found.cases:
        fields = request_fields(one, found.names)
        group = next((g for g in found.names.policy.groups if g.code == _group_of(found, one.case.category)), None)
        english = found.names.language.startswith("en")
        rows.append(
            [
                fields["service_request_id"], fields["requested_datetime"], fields["updated_datetime"],
                fields["updated_datetime"] if fields["status"] == "closed" else "", fields["status"],
                fields["status_notes"], one.case.source.value,
                "" if group is None else group.name_en if english else group.name_zh, fields["service_name"],
                escape_cell(fields["description"] or ""), fields["agency_responsible"] or "", fields["address"],
                "" if fields["lat"] is None else fields["lat"], "" if fields["long"] is None else fields["long"],
            ]
        )  # fmt: skip
    return rows


def _group_of(found: Found, category: str) -> str | None:
    known = found.names.policy.category(category)
    return None if known is None else known.group


def _lines(rows: list[list[Any]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()
