"""Reading form fields: an empty field counts as not given."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BeforeValidator

from models.base import EARLIEST
from web.reader import Visitor


def _none_if_blank(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def blank() -> BeforeValidator:
    """A validator that reads blank text as None.

    Constraints stand within the type, `Annotated[int, Field(ge=0)] | None`: beside it they would be applied to None.
    """
    return BeforeValidator(_none_if_blank)


def read_local(value: str, reader: Visitor) -> datetime | None:
    """The moment of a date-time field, in the local zone of the cases; None for invalid text and for a moment before
    everything that is stored."""
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=reader.zone)
        return moment if moment.astimezone(UTC) >= EARLIEST else None
    except (ValueError, OverflowError):  # the first and the last days of the calendar are no moment in every zone
        return None


def local_field(moment: datetime, reader: Visitor) -> str:
    """A moment as the value of a date-time field."""
    return f"{moment.astimezone(reader.zone):%Y-%m-%dT%H:%M}"
