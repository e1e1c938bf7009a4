"""`gridloop people passwd` and `add-admin`: accounts by the operator, who has the database at hand."""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.labels import is_english, localize
from cli.output import fail, out
from cli.park import tell_next
from infra.database import Acting, transaction
from models.base import Code
from models.errors import DomainError
from services.accounts.first_admin import add_first_admin
from services.accounts.password_changes import reset_password
from services.accounts.tokens import revoke_tokens
from services.admin.accounts import id_of, remove_for
from services.directory.people import local_today
from services.organisation.people_edit import change_person, read_known

FromStdin = Annotated[
    bool, typer.Option("--stdin", help="Read the password from standard input instead of making one by chance.")
]


Ask = Annotated[bool, typer.Option("--ask", help="Ask for the password on the terminal, twice and unseen.")]


def passwd(
    username: Annotated[str, typer.Argument(help="Whose password")],
    from_stdin: FromStdin = False,
    ask: Ask = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Gives somebody a first password, which they must change, and ends their sessions."""
    given = _given_password(from_stdin=from_stdin, ask=ask)

    async def reset(connection: AsyncConnection) -> str:
        first = await reset_password(connection, username, given, _now())
        await revoke_tokens(connection, await id_of(connection, username), _now(), by=None)
        return first

    first = _in_transaction(data_dir, "people passwd", reset)
    _tell(username, first, shown=given is None)


def add_admin(
    username: Annotated[str, typer.Argument(help="User name: letters, digits, - and _")],
    name: Annotated[str, typer.Argument(help="Name")],
    from_stdin: FromStdin = False,
    ask: Ask = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Adds the first administrator of a new system; refused when there is one."""
    try:
        code = TypeAdapter(Code).validate_python(username)
    except ValidationError:
        fail(localize(f"用户名“{username}”不合要求", f"“{username}” is no user name"))
    given = _given_password(from_stdin=from_stdin, ask=ask)

    async def add(connection: AsyncConnection) -> str:
        today = await local_today(connection, _now())
        return await add_first_admin(connection, code, name, given, _now(), today)

    _tell(code, _in_transaction(data_dir, "people add-admin", add), shown=given is None)
    tell_next(data_dir)


def disable(
    username: Annotated[str, typer.Argument(help="Whose account")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Shuts somebody out: they can't sign in, their sessions and tokens end; what they did stays. 停用。"""
    _set_active(username, active=False, data_dir=data_dir)
    out.print(
        localize(f"已停用 {username},登录与令牌均已失效。", f"{username} is disabled; sessions and tokens have ended.")
    )


def enable(
    username: Annotated[str, typer.Argument(help="Whose account")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Lets somebody in again who was disabled, with the password they had. 启用。"""
    _set_active(username, active=True, data_dir=data_dir)
    out.print(localize(f"已启用 {username}。", f"{username} is enabled."))


def _set_active(username: str, *, active: bool, data_dir: DataDir) -> None:
    async def change(connection: AsyncConnection) -> str:
        name = (await read_known(connection, username)).name
        today = await local_today(connection, _now())
        await change_person(connection, username, name, active=active, today=today)
        return name

    _in_transaction(data_dir, "people enable" if active else "people disable", change)


def reset_second_factor(
    username: Annotated[str, typer.Argument(help="Whose second factor")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Removes the second factor of somebody who lost theirs, and ends their sessions."""

    async def remove(connection: AsyncConnection) -> str:
        await remove_for(connection, None, username, _now())
        return ""

    _in_transaction(data_dir, "people reset-second-factor", remove)
    out.print(localize(f"已重置 {username} 的二次验证。", f"The second factor of {username} is removed."))


def _in_transaction(data_dir: DataDir, action: str, work: Callable[[AsyncConnection], Awaitable[str]]) -> str:
    async def run(engine: AsyncEngine) -> str:
        async with transaction(engine, Acting(action)) as connection:
            return await work(connection)

    try:
        return with_database(data_dir, run)
    except DomainError as error:
        fail(error.message("en" if is_english() else "zh"))


def _given_password(*, from_stdin: bool, ask: bool) -> str | None:
    """Return the password that the operator chooses; None: it is made by chance."""
    if ask:
        return str(typer.prompt(localize("初始密码", "First password"), hide_input=True, confirmation_prompt=True))
    return _read_password() if from_stdin else None


def _read_password() -> str:
    """Return the first line of standard input. Exits with code 1 when there is none."""
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        fail(localize("标准输入中没有密码", "there is no password on standard input"))
    return line


def _tell(username: str, first: str, *, shown: bool) -> None:
    if shown:
        out.print(localize(f"{username} 的初始密码(只显示这一次):{first}", f"First password of {username}: {first}"))
    out.print(
        localize(
            "首次登录后须修改;原有登录已全部结束。", "It must be changed after signing in; all sessions have ended."
        )
    )


def _now() -> datetime:
    return datetime.now(UTC)
