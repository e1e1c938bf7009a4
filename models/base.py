"""The one base of every value that is said or remembered."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError


class Frozen(BaseModel):
    """An immutable value with named fields; unknown fields are refused, so a typo never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


#: The earliest moment anybody may speak of (our choice): in any zone it is a year that every part can store.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
#: An aware moment. Text without an offset is refused: a time without a zone is not a time.
Instant = Annotated[AwareDatetime, Field(ge=EARLIEST)]


#: Where a browser would begin a tag or a comment; a sign before a space or a figure is text.
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_NUMBER = re.compile(r"\s*[-+]?[\d.]+\s*")


def _refuse_number(value: object) -> object:
    """Refuses a bare number: 20261101 would be counted as seconds, and be a day in 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise PydanticKnownError("datetime_parsing", {"error": "a number is no date"})
    return value


#: A moment as somebody says it from outside: in writing (ISO 8601), never as a number.
WrittenInstant = Annotated[Instant, BeforeValidator(_refuse_number)]

#: What no text may hold: PostgreSQL stores every character but this one.
NO_NUL = r"^[^\x00]*$"
#: A telephone number as people write it.
PHONE = r"^\+?[0-9 -]{5,20}$"
Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=NO_NUL)]
Title = Annotated[Text, StringConstraints(min_length=1, max_length=120)]
Description = Annotated[Text, StringConstraints(max_length=10_000)]
Note = Annotated[Text, StringConstraints(min_length=1, max_length=2_000)]


def _refuse_markup(value: str) -> str:
    """Refuses HTML: the answer is shown to the public as it is written."""
    if _MARKUP.search(value):
        raise PydanticCustomError("markup", "must be plain text without HTML tags")
    return value


def is_none(value: object) -> bool:
    """Whether a field is left out of what is written: an optional field added later keeps the digest as it was."""
    return value is None


def is_empty(value: object) -> bool:
    """The same for texts and lists."""
    return not value


#: The remark that may accompany a command; empty where there is none.
OptionalNote = Annotated[Text, StringConstraints(max_length=2_000)]
#: 答复: what the reporter reads of a result. Plain text, 10,000 characters at most.
Answer = Annotated[Text, StringConstraints(max_length=10_000), AfterValidator(_refuse_markup)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
