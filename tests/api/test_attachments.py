"""Attachments: by content, without metadata, once, and only for those who may see them."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from models.tables import CaseRow
from services.wording.file_types import ADVICE, NAMES
from tests.api.conftest import SignedIn
from tests.api.harness import PDF
from tests.builders import FIRE, MICRO, person_id, unit_path

URL = "/api/v1/attachments"


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    image = Image.new("RGB", size, "white")
    image.putpixel((0, 0), (255, 0, 0))
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def photo_with_position(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretMaker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (38.0, 30.0, 12.0)
    return picture(exif=exif, comment=b"SecretComment", icc_profile=b"SecretProfile" * 10)


async def upload(client: httpx.AsyncClient, headers: dict[str, str], content: bytes) -> httpx.Response:
    return await client.post(URL, files={"file": ("../../photo.jpg", content, "image/jpeg")}, headers=headers)


async def test_a_photo_is_stored_upright_and_without_metadata(
    client: httpx.AsyncClient, signed_in: SignedIn, api_settings: Settings
) -> None:
    sent = photo_with_position()
    assert b"SecretMaker" in sent
    answer = await upload(client, signed_in("worker"), sent)
    assert answer.status_code == 201
    view = answer.json()
    assert (view["media_type"], view["width"], view["height"]) == ("image/jpeg", 20, 40)
    file = api_settings.attachments_dir / view["sha256"][:2] / view["sha256"][2:4] / view["sha256"]
    stored = await asyncio.to_thread(file.read_bytes)
    assert hashlib.sha256(stored).hexdigest() == view["sha256"]
    assert len(stored) == view["size"]
    for secret in (b"Secret", b"Exif", b"ICC_PROFILE"):
        assert secret not in stored
    with Image.open(io.BytesIO(stored)) as image:
        assert not image.getexif()
        assert not image.info.keys() & {"exif", "icc_profile", "comment", "xmp"}
    assert await asyncio.to_thread(leftovers, api_settings) == []


def leftovers(settings: Settings) -> list[Path]:
    return list((settings.attachments_dir / "incoming").glob("*"))


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("WEBP", "image/webp")])
async def test_other_formats_are_kept_and_stripped(
    client: httpx.AsyncClient, signed_in: SignedIn, kind: str, media_type: str
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretMaker"
    options: dict[str, Any] = {"exif": exif}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", "SecretText")
    sent = picture(kind, **options)
    assert b"Secret" in sent
    view = (await upload(client, signed_in("worker"), sent)).json()
    assert view["media_type"] == media_type
    seen = await client.get(f"{URL}/{view['sha256']}", headers=signed_in("worker"))
    assert seen.headers["content-type"] == media_type
    assert b"Secret" not in seen.content


async def test_the_same_again_is_the_same(client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine) -> None:
    first = await upload(client, signed_in("worker"), photo_with_position())
    again = await upload(client, signed_in("worker"), photo_with_position())
    other = await upload(client, signed_in("duty"), photo_with_position())
    # Whether others have sent the same bytes is not told.
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert first.json() == again.json() == other.json()
    async with engine.connect() as connection:
        uploaders = await connection.scalar(text("SELECT uploaded_by FROM attachments"))
    assert uploaders == [person_id("worker"), person_id("duty")]


async def test_what_is_stored_is_served_safely(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sha256 = (await upload(client, signed_in("worker"), PDF)).json()["sha256"]
    seen = await client.get(f"{URL}/{sha256}", headers=signed_in("worker"))
    assert (seen.status_code, sha256) == (200, hashlib.sha256(seen.content).hexdigest())
    assert seen.headers["content-type"] == "application/pdf"
    assert seen.headers["content-disposition"] == f'inline; filename="{sha256}"'
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert seen.headers["cache-control"] == "private, no-cache"
    assert seen.headers["etag"] == f'"{sha256}"'
    known = {**signed_in("worker"), "If-None-Match": f'W/"{sha256}"'}
    assert (await client.get(f"{URL}/{sha256}", headers=known)).status_code == 304


STRANGERS = (
    (b"just words", "text"), ("\ufeff网格员日志".encode(), "text"), (b"<!DOCTYPE html><script>", "html"),
    (b"  <html><body>", "html"), (b"<?xml version='1.0'?><svg onload='x'/>", "xml"), (b"PK\x03\x04rest", "archive"),
    (b"MZ\x90\x00", "executable"), (b"\x7fELF\x02", "executable"), (b"#!/bin/sh\n", "executable"),
    (b"GIF89a....", "gif"), (b"\x00\x01\x02\x03", "unknown"),
)  # fmt: skip


async def test_other_types_are_refused_by_content(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for content, sniffed in STRANGERS:
        answer = await upload(client, signed_in("worker"), content)
        assert (answer.status_code, answer.json()["code"]) == (415, "attachment_type_refused")
        assert NAMES[sniffed][0] in answer.json()["detail"]
        assert ADVICE[sniffed][0] in answer.json()["detail"]
        assert answer.json()["errors"][0]["pointer"] == "/file"


async def test_what_can_not_be_read_is_refused(
    client: httpx.AsyncClient, signed_in: SignedIn, api_settings: Settings
) -> None:
    for content, code in (
        (b"", "attachment_empty"),
        (photo_with_position()[:300], "attachment_damaged"),
        (b"\x89PNG\r\n\x1a\nnot really", "attachment_damaged"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 nothing", "attachment_damaged"),
    ):
        answer = await upload(client, signed_in("worker"), content)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await asyncio.to_thread(leftovers, api_settings) == []


async def test_a_small_file_of_very_many_pixels_is_refused(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    target = io.BytesIO()
    Image.new("1", (8_001, 8_001)).save(target, "PNG")
    assert len(target.getvalue()) < 1024 * 1024
    answer = await upload(client, signed_in("worker"), target.getvalue())
    assert (answer.status_code, answer.json()["code"]) == (422, "image_too_large")


async def test_moving_pictures_are_refused(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue")]
    target = io.BytesIO()
    frames[0].save(target, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    answer = await upload(client, signed_in("worker"), target.getvalue())
    assert (answer.status_code, answer.json()["code"]) == (422, "attachment_animated")


async def test_a_camera_s_second_picture_is_dropped(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    target = io.BytesIO()
    second = Image.new("RGB", (10, 10), "blue")
    Image.new("RGB", (30, 10), "red").save(target, "MPO", save_all=True, append_images=[second])
    answer = await upload(client, signed_in("worker"), target.getvalue())
    assert (answer.status_code, answer.json()["width"]) == (201, 30)


MODES = {"JPEG": ("L", "CMYK", "1"), "PNG": ("L", "LA", "P", "RGBA", "I;16", "1"), "WEBP": ("L", "LA", "P", "RGBA")}


async def test_every_mode_of_pixels_is_taken(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for kind, mode in ((kind, mode) for kind, modes in MODES.items() for mode in modes):
        target = io.BytesIO()
        Image.new(mode, (8, 8)).save(target, kind)
        answer = await upload(client, signed_in("worker"), target.getvalue())
        assert answer.status_code in {200, 201}, (kind, mode)


async def test_too_large_is_refused_unread(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    read = 0

    async def photo() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(800):
            read += 1
            yield b"\xff" * 65536

    declared = {**signed_in("worker"), "Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.post(URL, content=photo(), headers={**declared, "Content-Length": str(800 * 65536)})
    assert (answer.status_code, answer.json()["code"]) == (413, "attachment_too_large")
    assert read == 0


async def test_too_large_is_refused_on_the_way(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    read = 0

    async def photo() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="p.jpg"\r\n\r\n'
        for _ in range(800):
            read += 1
            yield b"\xff" * 65536

    declared = {**signed_in("worker"), "Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.post(URL, content=photo(), headers=declared)
    assert (answer.status_code, answer.json()["code"]) == (413, "attachment_too_large")
    assert read < 30


async def test_just_over_the_cap_is_too_large(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    body, _, end = PDF.partition(b"xref\n")
    for size, status in ((1024 * 1024, 201), (1024 * 1024 + 1, 413)):
        padding = b"%" + b" " * (size - len(PDF) - 6) + b"\n"  # the new offset takes four digits more
        at = str(len(body) + len(padding)).encode()
        content = body + padding + b"xref\n" + end.replace(b"startxref\n230\n", b"startxref\n" + at + b"\n")
        assert len(content) == size
        assert (await upload(client, signed_in("worker"), content)).status_code == status


async def test_forms_without_the_file(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    headers = signed_in("worker")
    for answer in (
        await client.post(URL, files={"photo": ("a.jpg", picture())}, headers=headers),
        await client.post(URL, json={"file": "x"}, headers=headers),
        await client.post(URL, data={"file": "words"}, headers=headers),
        await client.post(URL, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "attachment_missing")
    broken = {**headers, "Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.post(URL, content=b"--c\r\nnonsense", headers=broken)
    assert (answer.status_code, answer.json()["code"]) == (400, "broken_form")


async def test_uploading_takes_a_token(client: httpx.AsyncClient) -> None:
    assert (await upload(client, {}, picture())).status_code == 401


async def test_only_those_who_see_the_case_see_its_attachments(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine
) -> None:
    sha256 = (await upload(client, signed_in("worker"), PDF)).json()["sha256"]
    place = f"{URL}/{sha256}"
    for username in ("duty", "fire_handler", "other_duty", "reporter", "admin"):
        assert (await client.get(place, headers=signed_in(username))).status_code == 404
    async with engine.begin() as connection:
        await connection.execute(insert(CaseRow), [a_case_row([sha256])])
    for username, status in (
        ("duty", 200), ("fire_handler", 200), ("admin", 200), ("auditor", 200),
        ("labour_handler", 404), ("other_duty", 404), ("reporter", 404),
    ):  # fmt: skip
        assert (await client.get(place, headers=signed_in(username))).status_code == status, username


async def test_a_small_copy_is_for_those_who_may_see_the_picture(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine
) -> None:
    sha256 = (await upload(client, signed_in("worker"), picture(size=(800, 600)))).json()["sha256"]
    place = f"{URL}/{sha256}/thumbnail"
    assert (await client.get(place, headers=signed_in("duty"))).status_code == 404
    async with engine.begin() as connection:
        await connection.execute(insert(CaseRow), [a_case_row([sha256])])
    for size, width in (("", 320), ("?size=small", 320), ("?size=large", 800)):
        seen = await client.get(place + size, headers=signed_in("duty"))
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/webp")
        assert seen.headers["cache-control"] == "private, no-cache"
        with Image.open(io.BytesIO(seen.content)) as image:
            assert image.width == width
        known = {**signed_in("duty"), "If-None-Match": seen.headers["etag"]}
        assert (await client.get(place + size, headers=known)).status_code == 304
    assert (await client.get(f"{place}?size=huge", headers=signed_in("duty"))).status_code == 422
    paper = (await upload(client, signed_in("worker"), PDF)).json()["sha256"]
    assert (await client.get(f"{URL}/{paper}/thumbnail", headers=signed_in("worker"))).status_code == 404


async def test_unknown_hashes(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for sha256 in ("0" * 64, "nonsense", "A" * 64, "%00", "..%2f..%2fetc"):
        assert (await client.get(f"{URL}/{sha256}", headers=signed_in("admin"))).status_code == 404


async def test_a_lost_file_is_not_an_unknown_one(
    client: httpx.AsyncClient, signed_in: SignedIn, api_settings: Settings
) -> None:
    sha256 = (await upload(client, signed_in("worker"), PDF)).json()["sha256"]
    file = api_settings.attachments_dir / sha256[:2] / sha256[2:4] / sha256
    await asyncio.to_thread(file.unlink)
    answer = await client.get(f"{URL}/{sha256}", headers=signed_in("worker"))
    assert (answer.status_code, answer.json()["code"]) == (503, "attachment_lost")


def a_case_row(attachments: list[str]) -> dict[str, Any]:
    """A row of `cases` in the first micro-grid, with the fire brigade as host: as much of it as is looked at."""
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    row: dict[str, Any] = dict.fromkeys(CaseRow.model_fields)
    return row | {
        "report_id": uuid4(), "case_no": "T-1", "seq": 1, "state": {"attachments": attachments}, "stage": "handle",
        "round": 1, "category": "0103", "severity": "ordinary", "source": "grid_worker", "title": "t",
        "description": "", "grid": MICRO, "grid_path": ".".join(unit_path(MICRO)), "level": 4, "host": FIRE,
        "departments": [FIRE], "recused": [], "reported_by": person_id("volunteer"), "anonymous": False,
        "content_hash": "x",
        "occurred_at": moment, "reported_at": moment, "received_at": moment, "updated_at": moment,
        "policy_version": 1, "provisional": False, "late_stages": [], "failed_reviews": 0, "returns": 0,
        "extended": False, "exempt": False,
    }  # fmt: skip
