"""What is in the data directory is for our own account alone."""

import io
import os
import stat
import threading
from pathlib import Path

import pytest

from infra.files import keep_private
from infra.objects.folder import FolderObjects
from services.attachments.files import Limits, rewrite_file
from services.attachments.store import Attachments
from tests.api.harness import a_picture


@pytest.fixture(autouse=True)
def _own_umask() -> object:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(directory: Path) -> dict[str, str]:
    return {
        str(one.relative_to(directory)): oct(stat.S_IMODE(one.lstat().st_mode)) for one in sorted(directory.rglob("*"))
    }


async def test_attachments_are_private_from_the_first_moment(tmp_path: Path) -> None:
    """Also in a process with another umask."""
    directory = tmp_path / "attachments"
    place = Attachments(FolderObjects(directory, "test"), directory / "incoming")
    with place.temporary_path() as path:
        await place.put(rewrite_file(io.BytesIO(a_picture()), path, Limits(10**6, 10**6)), path)
        assert modes(tmp_path)[str(path.relative_to(tmp_path))] == "0o600"
    found = modes(tmp_path)
    assert set(found.values()) == {"0o700", "0o600"}
    assert sum((tmp_path / name).is_file() for name in found) == 1
    assert all(mode == "0o600" for name, mode in found.items() if (tmp_path / name).is_file())


def test_what_an_earlier_version_left_open_is_narrowed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "attachments" / "ab").mkdir(parents=True)
    (data / "logs").mkdir()
    (tmp_path / "elsewhere").write_text("not ours to change")
    for name in ("attachments/ab/photo", "logs/web.log", "demo-cases.json"):
        (data / name).write_text("x")
    (data / "link").symlink_to(tmp_path / "elsewhere")
    data.chmod(0o755)
    keep_private(data)
    assert oct(stat.S_IMODE(data.stat().st_mode)) == ("0o711" if os.geteuid() == 0 else "0o700")
    assert {name: mode for name, mode in modes(data).items() if name != "link"} == {
        "attachments": "0o700", "attachments/ab": "0o700", "attachments/ab/photo": "0o600",
        "logs": "0o700", "logs/web.log": "0o600", "demo-cases.json": "0o600",
    }  # fmt: skip
    assert oct(stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode)) == "0o644"
    (data / "later").write_text("x")
    assert modes(data)["later"] == "0o600"
    keep_private(data / "missing")


def test_a_file_that_goes_meanwhile_does_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "attachments"
    folder.mkdir()
    for number in range(200):
        (folder / str(number)).write_text("x")

    def remove() -> None:
        for one in folder.iterdir():
            one.unlink(missing_ok=True)

    remover = threading.Thread(target=remove)
    remover.start()
    keep_private(tmp_path)
    remover.join()
    assert oct(stat.S_IMODE(folder.stat().st_mode)) == "0o700"
