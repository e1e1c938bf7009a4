"""The archive in a folder and in a bucket, the latter on a real S3 server process."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.archive import Archive, ArchiveAway, BucketArchive, FolderArchive, open_archive
from infra.embedded.ports import free_ports
from infra.settings import Settings

ACCESS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """The address of an S3 server with the bucket `facts`."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.put(f"{url}/facts", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                assert process.poll() is None, "the S3 server ended"
                assert time.monotonic() < deadline, "the S3 server does not answer"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(params=["folder", "bucket"])
def archive(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    if request.param == "folder":
        return FolderArchive(tmp_path / "archive")
    for name, value in {**ACCESS, "AWS_ENDPOINT_URL": request.getfixturevalue("s3_url")}.items():
        monkeypatch.setenv(name, value)
    return BucketArchive(f"s3://facts/{tmp_path.name}")


async def names(archive: Archive, prefix: str = "") -> list[str]:
    return [name async for name in archive.names(prefix)]


async def test_files_are_kept_listed_and_removed(archive: Archive) -> None:
    assert await archive.get("facts/2026-11/a.gz") is None
    await archive.put("facts/2026-11/b.gz", b"two")
    await archive.put("facts/2026-11/a.gz", b"one")
    await archive.put("reference/x.json", b"")
    await archive.put("facts/2026-11/a.gz", b"one")  # the same again
    assert await names(archive, "facts/") == ["facts/2026-11/a.gz", "facts/2026-11/b.gz"]
    assert await names(archive) == ["facts/2026-11/a.gz", "facts/2026-11/b.gz", "reference/x.json"]
    assert [await archive.get(name) for name in await names(archive)] == [b"one", b"two", b""]
    await archive.delete("facts/2026-11/b.gz")
    await archive.delete("facts/2026-11/b.gz")
    assert await archive.get("facts/2026-11/b.gz") is None


async def test_files_in_a_folder_are_ours_alone(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path / "archive")
    await archive.put("facts/2026-11/a.gz", b"one")
    path = tmp_path / "archive" / "facts" / "2026-11" / "a.gz"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert {oct(folder.stat().st_mode & 0o777) for folder in path.parents[:3]} == {"0o700"}
    await archive.put("facts/2026-11/a.gz", b"another content")
    assert await archive.get("facts/2026-11/a.gz") == b"one", "a name never changes its content"


async def test_what_can_t_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveAway):
        await FolderArchive(tmp_path / "file").put("a", b"")
    for name, value in {**ACCESS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ArchiveAway):
        await BucketArchive("s3://facts/x").put("a", b"")


async def test_the_bucket_that_is_not_there(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ACCESS, "AWS_ENDPOINT_URL": s3_url}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ArchiveAway):
        await BucketArchive("s3://missing").put("a", b"")


def test_the_place_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"database_url": "postgresql://x", "token_secret": "0" * 64, "data_dir": tmp_path}
    assert isinstance(open_archive(Settings.model_validate(known)), FolderArchive)
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    assert isinstance(open_archive(Settings.model_validate({**known, "archive": "s3://facts/here"})), BucketArchive)
