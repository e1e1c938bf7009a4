"""A worker and an API of an earlier version, unpacked from the repository's own history, beside the running system."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

#: What the running processes are made of.
CODE = (
    "activities", "api", "doors", "infra", "models", "rules", "services", "web", "workflows", "worker.py",
)  # fmt: skip


def git(*arguments: str) -> str:
    """What git says in this repository. Skips the test where there is no history to ask."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("there is no git repository: an earlier version can't be unpacked")
    asked = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        pytest.skip(f"git {arguments[0]} failed, perhaps because the history is shallow: {asked.stderr.strip()[:200]}")
    return asked.stdout.strip()


def previous_version() -> str:
    """The commit before the last one that changed the code: version N-1."""
    latest = git("log", "-1", "--format=%H", "--", *CODE)
    return git("rev-parse", "--verify", f"{latest}^")


def unpack(commit: str, folder: Path) -> Path:
    """Unpack a commit into `folder`. Skips the test where the repository does not have it."""
    git("cat-file", "-e", f"{commit}^{{tree}}")
    archive = folder / "tree.tar"
    git("archive", "--output", str(archive), commit)
    shutil.unpack_archive(archive, folder / "tree", filter="data")
    archive.unlink()
    return folder / "tree"


class EarlierProcess:
    """A process of an earlier version."""

    def __init__(self, tree: Path, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self._tree, self._arguments, self._environment, self._log = tree, arguments, environment, log
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "EarlierProcess":
        environment = {**os.environ, **self._environment, "PYTHONPATH": str(self._tree), "PYTHONUNBUFFERED": "1"}
        with self._log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *self._arguments, cwd=self._tree, env=environment, stdout=log, stderr=log
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
            await asyncio.wait_for(self.process.wait(), 60)

    @property
    def said(self) -> str:
        """Its log."""
        return self._log.read_text(errors="replace")

    async def until_said(self, words: str, seconds: float = 90) -> None:
        """Wait until it has logged these words."""
        async with asyncio.timeout(seconds):
            while words not in self.said:
                assert self.process is not None
                assert self.process.returncode is None, f"it ended:\n{self.said[-3000:]}"
                await asyncio.sleep(0.1)
