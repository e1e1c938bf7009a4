"""What forms send, read the way people mean it: a field left empty is a field not given."""

from datetime import datetime
from typing import Any

from pydantic import BeforeValidator

from web.reader import Visitor


def _none_if_blank(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def blank() -> BeforeValidator:
    """Reads an empty text as nothing given."""
    return BeforeValidator(_none_if_blank)


def read_local(value: str, reader: Visitor) -> datetime | None:
    """The moment that a field of date and time says, where the cases are; None for what is none."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=reader.zone)


def local_field(moment: datetime, reader: Visitor) -> str:
    """A moment as a field of date and time holds it."""
    return f"{moment.astimezone(reader.zone):%Y-%m-%dT%H:%M}"
