"""The one base of every value that is said or remembered."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


class Frozen(BaseModel):
    """An immutable value with named fields; unknown fields are refused, so a typo never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


#: The earliest moment anybody may speak of (our choice): in any zone it is a year that every part can store.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
#: An aware moment. Text without an offset is refused: a time without a zone is not a time.
Instant = Annotated[AwareDatetime, Field(ge=EARLIEST)]

#: What no text may hold: PostgreSQL stores every character but this one.
NO_NUL = r"^[^\x00]*$"
#: A telephone number as people write it.
PHONE = r"^\+?[0-9 -]{5,20}$"
Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=NO_NUL)]
Title = Annotated[Text, StringConstraints(min_length=1, max_length=120)]
Description = Annotated[Text, StringConstraints(max_length=10_000)]
Note = Annotated[Text, StringConstraints(min_length=1, max_length=2_000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
