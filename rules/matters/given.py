"""What holds for the fields of every command that a person gives, whatever the kind of matter: days, files."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from models.base import EARLIEST
from models.commands import Location
from models.errors import InputError, TooLate, UnknownAttachment, UnknownCategory
from models.matters.base import MatterCommand
from models.matters.context import MatterContext

#: How far ahead a day or moment may lie, a century (our choice): beyond any plan, and within what every part stores.
FARTHEST = timedelta(days=36525)
#: The fields that name uploaded files by their hash.
FILE_FIELDS = frozenset({"attachments", "evidence", "photos"})


def given_fields(value: Any, at: str = "", name: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every single value within a command: its pointer, the name of its field, and the value."""
    if isinstance(value, BaseModel) and not isinstance(value, Location):
        for field in type(value).model_fields:
            yield from given_fields(getattr(value, field), f"{at}/{field}", field)
    elif isinstance(value, tuple):
        for place, one in enumerate(value):
            yield from given_fields(one, f"{at}/{place}", name)
    else:
        yield at, name, value


def check_category(ctx: MatterContext, code: str, pointer: str) -> None:
    """Raises UnknownCategory, at `pointer`, for a category that the policy in force does not have in use."""
    category = ctx.policy.category(code)
    if category is None or not category.active:
        raise UnknownCategory(category=code, pointer=pointer)


def files_in(command: MatterCommand) -> tuple[str, ...]:
    """The hashes of the files that the command names, each once."""
    return tuple(sorted({value for _, name, value in given_fields(command) if name in FILE_FIELDS}))


def places_in(command: MatterCommand) -> tuple[tuple[str, Location], ...]:
    """The places on the map that the command gives, with their pointers."""
    return tuple((at, value) for at, _, value in given_fields(command) if isinstance(value, Location))


def check_given(command: MatterCommand, ctx: MatterContext) -> None:
    """Raises TooLate, InputError for a day out of reach; UnknownAttachment for a file that does not count."""
    for pointer, name, value in given_fields(command):
        if isinstance(value, date):
            _check_time(value, ctx, pointer)
        elif name in FILE_FIELDS and value in ctx.unknown_attachments:
            raise UnknownAttachment(sha256=value, pointer=pointer)


def _check_time(value: date, ctx: MatterContext, pointer: str) -> None:
    day = value.astimezone(UTC).date() if isinstance(value, datetime) and value.year < date.max.year else value
    day = day.date() if isinstance(day, datetime) else day
    if day > ctx.today + FARTHEST:
        raise TooLate(moment=value, limit=ctx.today + FARTHEST, pointer=pointer)
    if day < EARLIEST.date():
        raise InputError(why_zh=f"日期 {value} 过早", why_en=f"the date {value} is too long ago", pointer=pointer)
