"""The report, and the values it consists of."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from models.base import Frozen, Instant, Sha256
from models.enums import Severity, Source

Attachments = Annotated[tuple[Sha256, ...], Field(max_length=20)]


class Location(Frozen):
    """A place in WGS 84, in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class ExternalReference(Frozen):
    """The number of the same matter in another system."""

    system: str
    number: Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Report(Frozen):
    """A report (上报) as a door has taken it. The reporter's name and phone are not in it, only a reference to them.

    `severity` None means the category's own, `title` None one made of the description (`rules.titles`). Text is not
    checked again: the report is stored as it stands here.
    """

    kind: Literal["report"] = "report"
    report_id: UUID
    category: str
    title: str | None = None
    description: str = ""
    grid: str
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
