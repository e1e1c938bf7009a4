"""Stored objects in a folder and in a bucket, the latter on a real S3 server process: one contract for both."""

import asyncio
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.archive import open_archive
from infra.metrics import OBJECTS_FAILED
from infra.objects import (
    Objects,
    ObjectsAway,
    ObjectsFull,
    ObjectsMissing,
    ObjectsRefused,
    open_objects,
)
from infra.objects.bucket import BucketObjects
from infra.objects.folder import FileReader, FolderObjects
from infra.settings import Settings
from tests.s3 import S3Server, small_files

#: More than the part that is asked for at a time, and more than one part of an upload.
LARGE = bytes(range(256)) * 24_000


def settings(**options: Any) -> Settings:
    return Settings.model_validate({"database_url": "postgresql://x", "token_secret": "0" * 64, **options})


@pytest.fixture(params=["folder", "bucket"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "folder":
        return open_objects(settings(), str(tmp_path / "objects"), "test")
    server: S3Server = request.getfixturevalue("s3")
    return open_objects(settings(**server.options), server.place(tmp_path.name), "test")


async def names(objects: Objects, folder: str = "") -> list[str]:
    return [one.name async for one in objects.list(folder)]


async def test_objects_are_kept_listed_and_removed(objects: Objects) -> None:
    assert await objects.get("facts/2026-11/a.gz") is None
    await objects.put("facts/2026-11/b.gz", b"two")
    await objects.put("facts/2026-11/a.gz", b"one")
    await objects.put("reference/x.json", b"")
    await objects.put("facts/2026-11/a.gz", b"one")  # the same again
    assert await names(objects, "facts/") == ["facts/2026-11/a.gz", "facts/2026-11/b.gz"]
    assert await names(objects, "fac") == []
    assert await names(objects) == ["facts/2026-11/a.gz", "facts/2026-11/b.gz", "reference/x.json"]
    assert [await objects.get(name) for name in await names(objects)] == [b"one", b"two", b""]
    (listed,) = [one async for one in objects.list("reference")]
    assert listed.size == 0
    assert abs(datetime.now(UTC) - listed.written_at) < timedelta(minutes=5)
    await objects.delete("facts/2026-11/b.gz", "facts/2026-11/never.gz")
    await objects.delete("facts/2026-11/b.gz")
    await objects.delete()
    assert await names(objects, "facts") == ["facts/2026-11/a.gz"]


@pytest.mark.parametrize("give", [False, True])
async def test_a_large_file_is_stored_and_read_in_parts(objects: Objects, tmp_path: Path, give: bool) -> None:
    path = tmp_path / "film"
    path.write_bytes(LARGE)
    await objects.put("ab/film", b"of another content")
    await objects.put_file("ab/film", path, give=give)
    path.unlink(missing_ok=True)
    assert await objects.size("ab/film") == len(LARGE)
    reader = await objects.open("ab/film")
    assert reader is not None
    assert reader.size == len(LARGE)
    parts = []
    while part := await reader.read(1_000_000):
        parts.append(part)
    assert {len(part) for part in parts[:-1]} == {1_000_000}
    assert b"".join(parts) == LARGE
    await reader.seek(4_000_001)
    assert await reader.read(3) == LARGE[4_000_001:4_000_004]
    await reader.close()
    with (tmp_path / "copy").open("w+b") as copy:
        assert await objects.fetch("ab/film", copy)
        assert not await objects.fetch("ab/none", copy)
    assert (tmp_path / "copy").read_bytes() == LARGE
    local = objects.local("ab/film")
    assert local is None or local.read_bytes() == LARGE


async def test_what_is_not_there_is_no_failure(objects: Objects) -> None:
    await objects.check()
    assert (await objects.get("none"), await objects.size("none"), await objects.open("none")) == (None, None, None)
    assert await names(objects) == []


async def test_files_in_a_folder_are_ours_alone(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path / "objects", "test")
    await objects.put("facts/2026-11/a.gz", b"one")
    (tmp_path / "source").write_bytes(b"one")
    (tmp_path / "source").chmod(0o600)
    await objects.put_file("facts/2026-11/b.gz", tmp_path / "source", give=True)
    (tmp_path / "source").chmod(0o644)
    await objects.put_file("facts/2026-11/c.gz", tmp_path / "source")
    folder = tmp_path / "objects" / "facts" / "2026-11"
    assert {oct((folder / f"{name}.gz").stat().st_mode & 0o777) for name in "ac"} == {"0o600"}
    assert sorted(one.name for one in folder.iterdir()) == ["a.gz", "b.gz", "c.gz"]
    assert {oct(one.stat().st_mode & 0o777) for one in (folder, *folder.parents[:2])} == {"0o700"}
    await objects.put("facts/2026-11/a.gz", b"another content")
    assert await objects.get("facts/2026-11/a.gz") == b"one", "a name never changes its content"


async def test_a_reader_closed_while_it_reads_leaves_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "slow"
    os.mkfifo(path)
    reader = FileReader(path, 1, "test")
    reading = asyncio.create_task(reader.read(1))
    while (pipe := try_to_write(path)) is None:  # nobody opens it yet
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    closing = asyncio.create_task(reader.close())
    await asyncio.sleep(0)
    os.close(pipe)
    await closing
    assert str(path) not in {str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()}
    with pytest.raises(ValueError, match="closed"):
        await reader.read(1)


def try_to_write(path: Path) -> int | None:
    """Open the pipe for writing; None while nobody reads it."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


class NoRoom(BaseHTTPRequestHandler):
    """Answers as a server does whose disks are full."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"<Error><Code>XMinioStorageFull</Code><Message>no free drive space</Message></Error>"
        self.send_response(507, "Insufficient Storage")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def full_server() -> Iterator[S3Server]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), NoRoom) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield S3Server(f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()


def failed(reason: str) -> float:
    return sum(
        sample.value
        for metric in OBJECTS_FAILED.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and (sample.labels["store"], sample.labels["reason"]) == ("test", reason)
    )


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("a file in the folder's place", ObjectsAway), ("no room in the folder", ObjectsFull),
        ("nobody listens", ObjectsAway), ("no such bucket", ObjectsMissing), ("wrong keys", ObjectsRefused),
        ("no room in the bucket", ObjectsFull),
    ],
)  # fmt: skip
async def test_why_it_fails_is_told_and_counted(
    why: str, kind: type[ObjectsAway], s3: S3Server, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(LARGE[:10_000])
    during: Any = nullcontext()
    if why.endswith("in the bucket"):
        during = full_server()
    with during as server:
        place, options = s3.place(tmp_path.name), s3.options
        if why == "a file in the folder's place":
            place = str(tmp_path / "file")
        elif why == "no room in the folder":
            place = str(tmp_path / "objects")
        elif why == "nobody listens":
            options |= {"s3_endpoint": "http://127.0.0.1:9"}
        elif why == "no such bucket":
            place = "s3://missing/x"
        elif server is not None:
            options |= server.options
        objects, before = open_objects(settings(**options), place, "test"), failed(kind.reason)
        hindered = {"wrong keys": s3.refusing, "no room in the folder": small_files}.get(why, nullcontext)
        with hindered():
            with pytest.raises(kind) as raised:
                await objects.put_file("a", tmp_path / "file")
            assert type(raised.value) is kind
            assert failed(kind.reason) == before + 1
            if kind is not ObjectsFull:
                with pytest.raises(kind) as raised:
                    await objects.check()
                assert type(raised.value) is kind
    if why in ("no room in the folder", "wrong keys"):
        assert await names(objects) == []
        await objects.put_file("a", tmp_path / "file")
        await objects.check()


def test_the_place_is_a_setting(tmp_path: Path, s3: S3Server) -> None:
    assert isinstance(open_archive(settings(data_dir=tmp_path)), FolderObjects)
    assert isinstance(open_archive(settings(archive="s3://facts/here", **s3.options)), BucketObjects)
    for wrong in ("gs://x", "http://x/y", "s3://", "s3://X/y", "s3://ab/c?d"):
        for name in ("archive", "attachments"):
            with pytest.raises(ValidationError):
                settings(**{name: wrong})


async def test_keys_are_read_from_files(tmp_path: Path, s3: S3Server) -> None:
    files: dict[str, Any] = {}
    for name in ("s3_access_key_id", "s3_secret_access_key"):
        files[f"{name}_file"] = tmp_path / name
        (tmp_path / name).write_text("test\n")
    options = {name: value for name, value in s3.options.items() if "key" not in name}
    objects = open_objects(settings(**options, **files), s3.place(tmp_path.name), "test")
    await objects.put("a", b"1")
    (tmp_path / "s3_access_key_id").unlink()
    with pytest.raises(ObjectsRefused, match="s3_access_key_id"):
        open_objects(settings(**options, **files), s3.place(f"{tmp_path.name}/other"), "test")


async def test_the_usual_variables_are_enough(tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true", "AWS_ENDPOINT_URL": s3.url,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    objects = open_objects(settings(), s3.place(f"{tmp_path.name}/env"), "test")
    await objects.put("a", b"1")
    assert await names(objects) == ["a"]
