"""The forms that programs post: fields, attributes in brackets, and files."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import IO, Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile

from api.open311.parameters import given
from doors.uploads import form_with_files
from models.errors import InputError
from services.attachments.files import Limits
from services.open311.intake import MOST_MEDIA, NOT_PINPOINTED, POSTED, Posted
from services.open311.updates import POSTED_UPDATE, PostedUpdate

T = TypeVar("T")

#: The names under which files come: ours and those of the clients in use.
_FILES = ("media", "media[]")
_ADDRESSES = ("media_url", "media_url[]")
#: What an update must have.
_OF_UPDATES = ("service_request_id", "update_id", "status", "updated_datetime", "description")
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,80})\](?:\[\])?")
_ATTRIBUTE_LENGTH = 2_000
_YES = frozenset({"true", "1", "yes"})


@asynccontextmanager
async def opened_form(request: Request, limits: Limits) -> AsyncIterator[FormData]:
    """Open the form of a request; its files are deleted when the block ends. Raises AttachmentTooLarge, BrokenForm."""
    async with form_with_files(request, limits.file, MOST_MEDIA, limit_files=False) as form:
        yield form


def text_fields(request: Request, form: FormData) -> dict[str, str]:
    """Return the fields of a form; what the address gives counts where the form does not say it."""
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return {**request.query_params, **{name: value for name, value in fields.items() if value.strip()}}


def sent_files(form: FormData) -> Sequence[IO[bytes]]:
    """Return the files of a form. Raises InputError for too many, addresses of files counted."""
    files = [one.file for name in _FILES for one in form.getlist(name) if isinstance(one, UploadFile) and one.filename]
    _check_count(len(files) + len(_media_urls(form)))
    return files


def _check_count(files: int) -> None:
    """Raise InputError for too many files and addresses of files."""
    if files > MOST_MEDIA:
        raise InputError(
            why_zh=f"media 与 media_url 合计最多 {MOST_MEDIA} 个",
            why_en=f"at most {MOST_MEDIA} of media and media_url together",
            pointer="/media",
        )


def _media_urls(form: FormData) -> list[str]:
    return [value.strip() for name in _ADDRESSES for value in form.getlist(name)
            if isinstance(value, str) and value.strip()]  # fmt: skip


def read_posted(fields: Mapping[str, str], form: FormData, client_id: str | None) -> Posted:
    """Return the report in a form. Raises InputError for no service_code, no place or half a one, and
    RequestValidationError naming each field that is wrong."""
    if given(fields, "service_code") is None:
        raise _missing("service_code", "须给出 service_code", "service_code is missing")
    content: dict[str, Any] = {
        name: given(fields, name)
        for name in ("service_code", "description", "first_name", "last_name", "phone")
        if given(fields, name) is not None
    }
    content |= _place(fields)
    flags = (given(fields, "anonymous"), given(fields, "public_anonymity_required"))
    content["anonymous"] = any((flag or "").lower() in _YES for flag in flags)
    content["client_id"] = given(fields, "client_request_id") or client_id
    content["attributes"] = _attributes(form)
    content["media_urls"] = _media_urls(form)
    return _validated(POSTED, content)


def _place(fields: Mapping[str, str]) -> dict[str, Any]:
    lat, long = given(fields, "lat"), given(fields, "long") or given(fields, "lon")
    if (lat is None) != (long is None):
        raise _missing("long" if lat else "lat", "lat 与 long 须同时给出", "lat and long come together")
    unit, address = given(fields, "address_id"), given(fields, "address_string")
    if lat is None and unit is None and address is None:
        raise _missing(
            "lat", "须给出地点:lat 与 long,或 address_string,或 address_id",
            "a place is required: lat and long, or address_string, or address_id",
        )  # fmt: skip
    found: dict[str, Any] = {} if address is None else {"address": address}
    if lat is not None:
        found["location"] = {"lat": lat, "lon": long}
        if (datum := given(fields, "datum")) is not None:
            found["location"]["datum"] = datum
    elif unit is not None and unit != NOT_PINPOINTED:
        found["unit"] = unit
    return found


def _attributes(form: FormData) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        match = _ATTRIBUTE.fullmatch(name)
        if match is not None and isinstance(value, str) and value.strip():
            found.setdefault(match[1], []).append(value.strip()[:_ATTRIBUTE_LENGTH])
    return found


def read_update(fields: Mapping[str, str], form: FormData) -> PostedUpdate:
    """Return the update in a form. Raises InputError for a field that is missing and for too many files, and
    RequestValidationError."""
    for name in _OF_UPDATES:
        if given(fields, name) is None:
            raise _missing(name, f"须给出 {name}", f"{name} is missing")
    content: dict[str, Any] = {name: given(fields, name) for name in _OF_UPDATES}
    urls = _media_urls(form)
    _check_count(len(urls))
    content |= {"status": content["status"].upper().replace(" ", "_"), "media_urls": urls}
    return _validated(POSTED_UPDATE, content)


def _validated(kind: TypeAdapter[T], content: dict[str, Any]) -> T:
    try:
        return kind.validate_python(content)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error


def _missing(name: str, zh: str, en: str) -> InputError:
    return InputError(why_zh=zh, why_en=en, pointer=f"/{name}")
