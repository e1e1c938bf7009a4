"""The report: what came in, and the values it is made of."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from models.base import Code, Description, Frozen, Instant, Sha256, Text, Title
from models.enums import Severity, Source

Attachments = Annotated[tuple[Sha256, ...], Field(max_length=20)]


class Location(Frozen):
    """A place on the earth, WGS 84, degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class ExternalReference(Frozen):
    """The number that another system gave the same matter."""

    system: Code
    number: Annotated[Text, StringConstraints(min_length=1, max_length=80)]


class Report(Frozen):
    """上报: what came in. The reporter's name and phone are not here: only a reference to them.

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
