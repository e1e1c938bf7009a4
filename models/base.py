"""The base class of all values, and the types of common fields."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from models.credit_code import clean_credit_code, credit_code_fault
from models.phone import PHONE, clean_phone
from models.text import clean_code, clean_line, clean_text, find_control


class Frozen(BaseModel):
    """An immutable value with named fields; unknown fields are refused, so that a typo is an error."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class Kept(Frozen):
    """A value that stores and payloads hold and nobody sends: fields that this version does not know are kept, not
    refused. A newer version beside this one may have written them, and an older one must not lose them."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="allow")


class Given(Frozen):
    """A value that people send and that stores and payloads hold as well. Unknown fields are refused from people; read
    in the context `STORED`, they are kept like those of `Kept`."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="allow", json_schema_extra={"additionalProperties": False}
    )

    @model_validator(mode="after")
    def _refuse_unknown(self, info: ValidationInfo) -> Self:
        """Raise ValidationError naming each unknown field, unless the value comes from a store."""
        unknown = self.__pydantic_extra__
        if unknown and not is_stored(info):
            errors = [InitErrorDetails(type="extra_forbidden", loc=(name,), input=unknown[name]) for name in unknown]
            raise ValidationError.from_exception_data(type(self).__name__, errors)
        return self


#: The earliest moment accepted (our choice): in every zone its year can be stored by every part.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
#: An aware moment. Text without an offset is refused, because without a zone it names no moment.
Instant = Annotated[AwareDatetime, Field(ge=EARLIEST)]


#: Where a browser would begin a tag or a comment; "<" before a space or a digit is text.
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_NUMBER = re.compile(r"\s*[-+]?[\d.]+\s*")


def _refuse_number(value: object) -> object:
    """Return `value`, unless it is a bare number: 20261101 would be read as seconds, and be a day in 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise PydanticKnownError("datetime_parsing", {"error": "a number is not a date"})
    return value


#: A moment in input from outside: text (ISO 8601), never a number.
WrittenInstant = Annotated[Instant, BeforeValidator(_refuse_number)]


def _refuse_number_as_day(value: object, info: ValidationInfo) -> object:
    """Return `value`, unless it is a bare number, which would be read as seconds since 1970."""
    stored = info.context is not None and info.context.get("stored")
    if not stored and (isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value))):
        raise PydanticKnownError("date_parsing", {"error": "a number is not a date"})
    return value


#: A day in input from outside: text (ISO 8601), never a number.
WrittenDay = Annotated[date, BeforeValidator(_refuse_number_as_day, json_schema_input_type=date)]

#: A time of day by the wall clock, as it is written.
TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"


def _check_time_of_day(value: object, info: ValidationInfo) -> object:
    """Return `value`, unless it is written otherwise than `TIME_OF_DAY`; an offset has no meaning on a wall clock."""
    if info.context is not None and info.context.get("stored"):
        return value
    written = isinstance(value, str) and re.fullmatch(TIME_OF_DAY, value.strip())
    if not written and not (isinstance(value, time) and value.tzinfo is None):
        zh, en = "须为 08:30 这样的时刻,不带时区", "must be a time of day like 08:30, without an offset"
        raise PydanticCustomError("told", "{en}", {"zh": zh, "en": en})
    return value.strip() if isinstance(value, str) else value


#: A time of day by the wall clock: "08:30" or "08:30:15", never with an offset. One that was stored with an offset
#: is read without it.
WallTime = Annotated[
    time,
    BeforeValidator(_check_time_of_day),
    AfterValidator(lambda value: value.replace(tzinfo=None)),
    WithJsonSchema({"type": "string", "pattern": TIME_OF_DAY, "examples": ["08:30"]}),
]

#: Validation context for what is read back from a store: it is taken as it was written, whatever is refused today.
STORED: Final = {"stored": True}


def is_stored(info: ValidationInfo) -> bool:
    """Whether a value is read back from a store (`STORED`)."""
    return info.context is not None and bool(info.context.get("stored"))


def fault(zh: str, en: str) -> PydanticCustomError:
    """Return the error of a validator with its sentence in both languages, to be raised; each is a part of a sentence
    without a full stop."""
    return PydanticCustomError("told", "{en}", {"zh": zh, "en": en})


def _cleaned(clean: Callable[[str], str]) -> BeforeValidator:
    """Return the validator that brings text from outside into its one form, and refuses control characters."""

    def validate(value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str) or is_stored(info):
            return value
        control = find_control(value)
        if control is not None:
            context = {"position": value.index(control) + 1, "code": f"U+{ord(control):04X}"}
            raise PydanticCustomError("control_character", "must not hold control character {code}", context)
        return clean(value)

    return BeforeValidator(validate)


#: The code of something that there is one of: a department, a category, a grid unit, a case.
CODE = r"^[A-Za-z0-9_-]{1,40}$"
#: Prose of one or more lines, cleaned by `models.text`.
Text = Annotated[str, _cleaned(clean_text)]
#: The text of a file, kept as it is, indentation and all.
FileText = Annotated[str, _cleaned(str)]
#: A title or name: one line.
Line = Annotated[str, _cleaned(clean_line)]
Title = Annotated[Line, StringConstraints(min_length=1, max_length=120)]
Description = Annotated[Text, StringConstraints(max_length=10_000)]
NOTE_LENGTH = 2_000
Note = Annotated[Text, StringConstraints(min_length=1, max_length=NOTE_LENGTH)]


def _refuse_markup(value: str) -> str:
    """Return `value`, unless it holds HTML: the answer is shown to the public as written."""
    if _MARKUP.search(value):
        raise PydanticCustomError("markup", "must be plain text without HTML tags")
    return value


def is_none(value: object) -> bool:
    """Whether `value` is None. Used to leave an optional field out of the JSON, so that older digests stay valid."""
    return value is None


def is_empty(value: object) -> bool:
    """Whether a text or list is empty, or a mark not set. Used like `is_none`."""
    return not value


#: A name that older content may lack. It is left out of the JSON then, so that older digests stay valid.
OptionalName = Annotated[
    Annotated[Text, StringConstraints(min_length=1, max_length=80)] | None, Field(exclude_if=is_none)
]
#: The remark that may accompany a command; empty where there is none.
OptionalNote = Annotated[Text, StringConstraints(max_length=2_000)]
#: 答复: what the reporter reads of a result. Plain text, 10,000 characters at most.
Answer = Annotated[Text, StringConstraints(max_length=10_000), AfterValidator(_refuse_markup)]
Code = Annotated[str, StringConstraints(pattern=CODE), _cleaned(clean_code)]


def _checked_credit_code(value: str, info: ValidationInfo) -> str:
    """Return the code, unless it is no unified social credit code; one that is stored was checked."""
    fault = None if info.context is not None and info.context.get("stored") else credit_code_fault(value)
    if fault is not None:
        kind, params = fault
        raise PydanticCustomError(kind.value, "is no unified social credit code", params)
    return value


#: A unified social credit code; see `models.credit_code`.
CreditCode = Annotated[str, _cleaned(clean_credit_code), AfterValidator(_checked_credit_code)]
#: A telephone number, or up to three; see `models.phone`.
Phone = Annotated[str, _cleaned(clean_phone), StringConstraints(pattern=PHONE)]
#: How the SHA-256 of a file is written.
SHA256 = r"^[0-9a-f]{64}$"
Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]
