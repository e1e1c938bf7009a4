"""`attachments`: copied into a bucket and back, checked, and never removed unasked."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import text

from infra.database import open_database
from infra.settings import Settings
from services.attachments.copying import copy_attachments
from services.attachments.store import name_of, open_place
from tests.cli.conftest import Run, refusal
from tests.s3 import S3Server

COUNT = 24
FILES = {hashlib.sha256(content).hexdigest(): content for content in (f"file {n}".encode() for n in range(COUNT))}


def put(folder: Path, sha256: str, content: bytes) -> Path:
    path = folder / name_of(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The command quietens its process, and this one has other tests."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def here(run: Run, s3: S3Server, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command on the machine of a system whose attachments are in the folder of its data directory."""
    values = {"database_url": database_url, "token_secret": "3" * 64, "data_dir": tmp_path / "data", **s3.options}
    for name, value in values.items():
        monkeypatch.setenv(f"GRIDLOOP_{name.upper()}", str(value))
    for sha256, content in FILES.items():
        put(tmp_path / "data" / "attachments", sha256, content)

    async def fill() -> None:
        engine = open_database(Settings(database_url=SecretStr(database_url), token_secret=SecretStr("3" * 64)))
        insert = text(
            "INSERT INTO attachments (sha256, media_type, size, uploaded_by, uploaded_at)"
            " VALUES (:sha256, 'application/pdf', :size, '{}', now())"
        )
        async with engine.begin() as connection:
            rows = [{"sha256": sha256, "size": len(content)} for sha256, content in FILES.items()]
            await connection.execute(insert, rows)
        await engine.dispose()

    asyncio.run(fill())
    return run


def copied(run: Run, *words: object, exit_code: int = 0) -> Any:
    done = run("attachments", "copy", *words, "--json")
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout)


def test_a_folder_moves_into_a_bucket_and_back(here: Run, s3: S3Server, tmp_path: Path) -> None:
    source, bucket, back = tmp_path / "data" / "attachments", s3.place(f"{tmp_path.name}/moved"), tmp_path / "back"
    thumbnail = put(source, next(iter(FILES)), next(iter(FILES.values()))).with_name(f"{next(iter(FILES))}.icon.webp")
    thumbnail.write_bytes(b"made again")
    assert here("attachments", "check").exit_code == 0
    damaged = next(iter(FILES))
    path = put(source, damaged, b"FILE 0")
    first = copied(here, "--to", bucket, "--at-once", 5, exit_code=1)
    assert (first["copied"], first["present"], first["damaged"]) == (COUNT - 1, 0, [damaged])
    path.write_bytes(FILES[damaged])
    again = copied(here, "--to", bucket)
    assert (again["copied"], again["present"], again["removed"]) == (1, COUNT - 1, 0)
    assert again["bytes"] == len(FILES[damaged])
    assert len([one for one in source.rglob("*") if one.is_file()]) == COUNT + 1, "the source stays as it is"
    assert here("attachments", "check", "--place", bucket).exit_code == 0
    assert copied(here, "--from", bucket, "--to", back)["copied"] == COUNT
    assert {one.name: one.read_bytes() for one in back.rglob("*") if one.is_file()} == FILES
    assert {oct(one.stat().st_mode & 0o777) for one in back.rglob("*") if one.is_file()} == {"0o600"}
    shown = here("attachments", "copy", "--from", bucket, "--to", back)
    assert f"there already {COUNT}" in shown.stdout


def test_only_what_was_read_back_is_removed_and_only_when_asked(
    here: Run, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, bucket = tmp_path / "data" / "attachments", s3.place(f"{tmp_path.name}/kept")
    copied(here, "--to", bucket)
    assert "GRIDLOOP_ATTACHMENTS" in refusal(here("attachments", "copy", "--to", bucket, "--remove"))
    monkeypatch.setenv("GRIDLOOP_ATTACHMENTS", bucket)
    settings = Settings()
    damaged = next(iter(FILES))
    objects = open_place(settings, bucket).objects
    asyncio.run(objects.put(name_of(damaged), b"FILE 0"))  # of the same size
    found = here("attachments", "check", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["damaged"] == [damaged]
    assert here("attachments", "check", "--sizes").exit_code == 0
    done = copied(here, "--from", source, "--to", bucket, "--remove", exit_code=1)
    assert (done["present"], done["removed"], done["damaged"]) == (COUNT - 1, COUNT - 1, [damaged])
    assert [one.name for one in source.rglob("*") if one.is_file()] == [damaged], "the only whole one stays"


def test_a_copy_that_was_stopped_goes_on(here: Run, s3: S3Server, tmp_path: Path) -> None:
    settings = Settings()
    source = open_place(settings, str(tmp_path / "data" / "attachments"))
    target = open_place(settings, s3.place(f"{tmp_path.name}/stopped"))

    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        assert total >= done
        if done >= COUNT // 2:
            raise Stopped

    with pytest.raises(Stopped):
        asyncio.run(copy_attachments(source, target, at_once=3, progress=stop))
    rest = copied(here, "--to", target.objects.place)
    assert 0 < rest["copied"] < COUNT
    assert rest["copied"] + rest["present"] == COUNT


def test_the_check_names_what_is_missing_and_what_nobody_knows(here: Run, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "attachments"
    missing, stranger = next(iter(FILES)), hashlib.sha256(b"stranger").hexdigest()
    (folder / name_of(missing)).unlink()
    put(folder, stranger, b"stranger")
    found = here("attachments", "check")
    assert found.exit_code == 1
    assert missing in found.stderr
    assert stranger not in found.output, "as young as an upload whose row is being written"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("copy", "--to", "gs://x/y"), "s3://bucket/path"),
        (("copy", "--to", "s3://no-such-bucket/x"), "NoSuchBucket"),
        (("copy", "--from", "/nowhere/at/all", "--to", "s3://no-such-bucket/x"), "no folder"),
        (("check", "--place", "s3://no-such-bucket/x"), "NoSuchBucket"),
        (("check", "--place", "/nowhere/at/all"), "no folder"),
    ],
)
def test_a_place_that_is_not_there_is_told(here: Run, words: tuple[str, ...], said: str) -> None:
    failed = here("attachments", *words)
    assert failed.exit_code in (1, 2)
    assert said in " ".join(failed.stderr.split())
    assert "Traceback" not in failed.output
