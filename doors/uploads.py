"""Uploaded files from multipart bodies. Reading stops at the size limit."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import IO
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from models.errors import AttachmentMissing, AttachmentTooLarge, BrokenForm, NotUtf8
from services.runtime.shown_numbers import show

#: Bytes allowed around the file: boundaries, part headers, other fields.
_ENVELOPE = 64 * 1024
_MEGABYTE = 1024 * 1024
#: Limit of files when the caller counts them itself.
_MANY_FILES = 100


@asynccontextmanager
async def uploaded_file(request: Request, most: int, field: str = "file") -> AsyncIterator[IO[bytes]]:
    """Open the uploaded file of `field`; a large one is on disk. It is deleted when the block ends.

    `most`: size limit in bytes. A body whose declared length is larger is not read; reading stops at the limit.
    Raises AttachmentTooLarge, AttachmentMissing, BrokenForm.
    """
    _check_declared(request, most)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise AttachmentMissing(pointer=f"/{field}")
    parser = MultiPartParser(request.headers, _stream_up_to(request, most), max_files=1, max_fields=8)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise BrokenForm() from error
    try:
        found = form.get(field)
        if not isinstance(found, UploadFile):
            raise AttachmentMissing(pointer=f"/{field}")
        if (found.size or 0) > most:
            raise _too_large(most)
        yield found.file
    finally:
        await form.close()


@asynccontextmanager
async def form_with_files(
    request: Request, most: int, most_files: int, *, limit_files: bool = True
) -> AsyncIterator[FormData]:
    """Parse a form with up to `most_files` files, of `most` bytes on average. They are deleted when the block ends.

    One file may be larger: the caller refuses it, so that it can keep the others. Without `limit_files` more files are
    accepted, so that the caller can report the number itself; the limit on all bytes together stays.
    Raises AttachmentTooLarge, BrokenForm, NotUtf8.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        yield _plain_form(b"".join([chunk async for chunk in _stream_up_to(request, _MEGABYTE)]))
        return
    whole = most * most_files
    _check_declared(request, whole)
    max_files = most_files if limit_files else _MANY_FILES
    parser = _Utf8Parser(request.headers, _stream_up_to(request, whole), max_files=max_files, max_fields=400)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise BrokenForm() from error
    try:
        show(*(value for _, value in form.multi_items() if isinstance(value, str)))
        yield form
    finally:
        await form.close()


def _plain_form(body: bytes) -> FormData:
    """Return a form that was sent without files. Raises NotUtf8 and BrokenForm."""
    try:
        pairs: list[tuple[str, UploadFile | str]] = [
            *parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
        ]
    except UnicodeDecodeError:
        raise NotUtf8() from None
    return FormData(pairs)


class _Utf8Parser(MultiPartParser):
    """Refuses text that is not UTF-8. Starlette reads it as Latin-1, so that it would be stored as something else."""

    def on_part_end(self) -> None:
        """Take a part. Raises NotUtf8."""
        part = self._current_part
        if part.file is None:
            try:
                part.data.decode("utf-8")
            except UnicodeDecodeError:
                raise NotUtf8() from None
        super().on_part_end()


def _check_declared(request: Request, most: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdecimal() and int(declared) > most + _ENVELOPE:
        raise _too_large(most)


async def _stream_up_to(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > most + _ENVELOPE:
            raise _too_large(most)
        yield chunk


def _too_large(most: int) -> AttachmentTooLarge:
    return AttachmentTooLarge(megabytes=most // _MEGABYTE, pointer="/file")
