"""The report, and the values it consists of."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from models.base import Code, Description, Frozen, Instant, Sha256, Text, Title
from models.enums import Severity, Source

Attachments = Annotated[tuple[Sha256, ...], Field(max_length=20)]


class Location(Frozen):
    """A place in WGS 84, in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class ExternalReference(Frozen):
    """The number of the same matter in another system."""

    system: Code
    number: Annotated[Text, StringConstraints(min_length=1, max_length=80)]


class Report(Frozen):
    """A report (上报). The reporter's name and phone are not in it, only a reference to them.

    `severity` None means the category's own.
    """

    kind: Literal["report"] = "report"
    report_id: UUID
    category: Code
    title: Title
    description: Description = ""
    grid: Code
    location: Location | None = None
    occurred_at: Instant
    reported_at: Instant
    severity: Severity | None = None
    source: Source = Source.GRID_WORKER
    attachments: Attachments = ()
    reporter_ref: UUID | None = None
    anonymous: bool = False
    external: ExternalReference | None = None
    split_from: str | None = None
    content_hash: str
