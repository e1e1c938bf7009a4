"""A real PostgreSQL on this machine, from its wheel: no root, no Docker, nothing installed."""

import asyncio
import contextlib
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from infra.embedded.child import Child, ChildFailed, Run, leashed, outcome
from infra.embedded.postgres_leftover import stop_leftover
from infra.embedded.postgres_user import BIN, give, open_binaries, open_way, server_user

#: The major version of the wheel; a data directory of another one must be dumped and restored.
MAJOR = "18"
DATABASE = "gridloop"
OWNER = "gridloop"
HOST = "127.0.0.1"

#: Tried in this order. A UTF-8 one first: `pg_trgm` sees letters in Chinese text only where the locale
#: knows them. Under each of them text sorts by code point.
LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "C")


@dataclass(frozen=True, kw_only=True)
class EmbeddedPostgres:
    """The server on `directory`, made at its first start. `say` hears what an operator should know.

    `fsync` off is for tests alone: acknowledged means stored.
    """

    directory: Path
    port: int
    password: str
    fsync: bool = True
    say: Callable[[str], None] = lambda _: None

    def url(self, database: str = DATABASE) -> str:
        """Where `database` is, with the password in it."""
        return f"postgresql://{OWNER}:{self.password}@{HOST}:{self.port}/{database}"

    def child(self) -> Child:
        """The server, for a supervisor. Each start looks after leftovers and makes the directory if need be."""
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "800",  # 32 workers, two pools of ten each, the API, and people
            "timezone": "UTC",
            "log_timezone": "UTC",
            "fsync": "on" if self.fsync else "off",
            "synchronous_commit": "on" if self.fsync else "off",
        }
        command = [str(BIN / "postgres"), "-D", str(self.directory)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Child(
            name="postgres",
            command=command,
            ready=self._answers,
            environment=_environment(),
            directory=Path("/"),
            user=server_user(),
            prepare=self.prepare,
            # Recovery after a power cut reads the whole log since the last checkpoint.
            ready_seconds=300,
            stop_signal=signal.SIGINT,
            grace_seconds=60,
            force_signal=signal.SIGQUIT,
            orphan_signal=signal.SIGINT,
        )

    async def prepare(self) -> None:
        """Makes the data directory if there is none, and ends a server that a killed `up` left on it.

        Raises ChildFailed when the directory is of another version or can't be made or freed.
        """
        user = await asyncio.to_thread(server_user)
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        if user is not None:
            await asyncio.to_thread(open_binaries)
            if widened := open_way(self.directory):
                names = ", ".join(map(str, widened))
                self.say(f"let PostgreSQL's own user pass through {names} (chmod a+x)")
        if not self.directory.exists():
            await self._make(user)
        self._check_version()
        try:
            if await stop_leftover(self.directory):
                self.say("stopped a PostgreSQL server that an earlier start had left behind")
        except TimeoutError as error:
            raise ChildFailed(str(error)) from error

    async def create_database(self, name: str = DATABASE) -> None:
        """Creates `name` if it is missing. Needs the running server."""
        async with await psycopg.AsyncConnection.connect(self.url("postgres"), autocommit=True) as connection:
            found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if await found.fetchone() is None:
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _check_version(self) -> None:
        try:
            version = (self.directory / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise ChildFailed(f"{self.directory} is not a PostgreSQL data directory ({error})") from error
        if version != MAJOR:
            raise ChildFailed(
                f"{self.directory} was written by PostgreSQL {version}, and this is {MAJOR}: "
                f"dump it with version {version}, move the directory away, start, and restore"
            )

    async def _make(self, user: str | None) -> None:
        """Runs initdb beside the final place and moves the result there: all or nothing."""
        fresh = self.directory.with_name(f"{self.directory.name}.new")
        said = ""
        for locale in LOCALES:
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            give(fresh, user)
            status, said = await self._run_initdb(fresh, user, locale)
            if status == 0:
                fresh.rename(self.directory)
                return
            if "invalid locale" not in said:
                break
        shutil.rmtree(fresh, ignore_errors=True)
        raise ChildFailed(f"initdb failed ({outcome(status)}):\n{said}")

    async def _run_initdb(self, fresh: Path, user: str | None, locale: str) -> tuple[int, str]:
        password = fresh.with_name(f"{fresh.name}.password")
        password.unlink(missing_ok=True)
        descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{self.password}\n")
        give(password, user)
        command = [
            *(str(BIN / "initdb"), "-D", str(fresh), "-U", OWNER),
            *("--pwfile", str(password), "--auth=scram-sha-256", "--encoding=UTF8", f"--locale={locale}"),
            *(() if self.fsync else ("--no-sync",)),
        ]
        process = await asyncio.create_subprocess_exec(
            *leashed(command, user=user), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
            env=_environment(), cwd="/", start_new_session=True,
        )  # fmt: skip
        try:
            said, _ = await process.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        finally:
            password.unlink(missing_ok=True)
        return process.returncode or 0, said.decode(errors="replace").strip()

    async def _answers(self, _: Run) -> bool:
        try:
            async with await psycopg.AsyncConnection.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


def _environment() -> dict[str, str]:
    """What PostgreSQL needs of ours: no PG* variable or locale of the caller may steer it."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
