"""The one base of every value that is said or remembered."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints


class Frozen(BaseModel):
    """An immutable value with named fields; unknown fields are refused, so a typo never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


#: An aware moment. Text without an offset is refused: a time without a zone is not a time.
Instant = AwareDatetime

Text = Annotated[str, StringConstraints(strip_whitespace=True)]
Title = Annotated[Text, StringConstraints(min_length=1, max_length=120)]
Description = Annotated[Text, StringConstraints(max_length=10_000)]
Note = Annotated[Text, StringConstraints(min_length=1, max_length=2_000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
