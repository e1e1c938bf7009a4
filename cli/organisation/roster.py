"""`gridloop people absent | shift | roster`: absences with deputies, and shifts."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.http import fail
from cli.labels import localize
from cli.moments import parse_day, parse_moment
from cli.output import language, out, print_table
from cli.terminal import escape_json
from infra.database import Acting, transaction
from models.enums import Role
from models.errors import InputError
from services.organisation.roster import (
    AbsenceDraft,
    Roster,
    ShiftDraft,
    cancel_absence,
    cancel_shift,
    local_moment,
    put_absence,
    put_shift,
    read_roster,
)

T = TypeVar("T")

#: The argument or option for each field of a draft.
FIELDS: Mapping[str, str] = {
    "person": "USERNAME", "unit": "UNIT", "role": "ROLE", "deputy": "--deputy", "reason": "--reason",
    "since": "--from", "until": "--until", "starts_at": "--from", "ends_at": "--until",
}  # fmt: skip

Cancel = Annotated[bool, typer.Option("--cancel", help="Take back the one that --from lies in.")]


def absent(
    username: Annotated[str, typer.Argument(help="Who is away.")],
    from_: Annotated[date, typer.Option("--from", parser=parse_day, metavar="DATE", help="The first day: 2026-03-02.")],
    until: Annotated[
        date | None, typer.Option(parser=parse_day, metavar="DATE", help="The last day, itself included.")
    ] = None,
    deputy: Annotated[str | None, typer.Option(help="Who acts with their roles meanwhile.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    cancel: Cancel = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Puts down that somebody is away, and who stands in. 请假与代理。"""

    async def work(connection: AsyncConnection) -> bool:
        if cancel:
            await cancel_absence(connection, username, from_, datetime.now(UTC))
            return True
        draft = AbsenceDraft(
            person=username, since=from_, until=_required(until, "--until"), deputy=deputy,
            reason=_required(reason, "--reason"),
        )  # fmt: skip
        return await put_absence(connection, draft, datetime.now(UTC))

    _print_result(_run_in_transaction(work, data_dir=data_dir), cancel=cancel)


def shift(
    unit: Annotated[str, typer.Argument(help="Code of the grid unit.")],
    role: Annotated[Role, typer.Argument(help="On duty as.")],
    username: Annotated[str, typer.Argument(help="Who is on duty.")],
    from_: Annotated[str, typer.Option("--from", metavar="TIME", help="2026-03-02T08:00; the park's time.")],
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Up to, not including.")] = None,
    cancel: Cancel = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Puts down that somebody is on duty: while any shift runs, only those on it hold the role there. 排班。"""
    starts_at = parse_moment(from_, "--from")

    async def work(connection: AsyncConnection) -> bool:
        now, begins = datetime.now(UTC), await local_moment(connection, starts_at)
        if cancel:
            await cancel_shift(connection, unit, role, username, begins, now)
            return True
        ends = await local_moment(connection, parse_moment(_required(until, "--until"), "--until"))
        draft = ShiftDraft(unit=unit, role=role, person=username, starts_at=begins, ends_at=ends)
        return await put_shift(connection, draft, now)

    _print_result(_run_in_transaction(work, data_dir=data_dir), cancel=cancel)


def show_roster(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Lists who is or will be away and on duty. 值班与请假一览。"""
    found = with_database(data_dir, _read_roster)
    if as_json:
        typer.echo(escape_json(found.model_dump_json(indent=1)))
        return
    print_table(
        localize("请假 起 止 代理 事由", "away from until deputy reason").split(),
        ((a.person, str(a.since), str(a.until), a.deputy or "—", a.reason) for a in found.absences),
        boxed=True,
    )
    print_table(
        localize("单位 角色 值班 起 止", "unit role who from until").split(),
        ((s.unit, s.role, s.person, _format_moment(s.starts_at), _format_moment(s.ends_at)) for s in found.shifts),
        boxed=True,
    )


def _format_moment(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


async def _read_roster(engine: AsyncEngine) -> Roster:
    async with engine.connect() as connection:
        return await read_roster(connection, datetime.now(UTC))


def _run_in_transaction(work: Callable[[AsyncConnection], Awaitable[T]], *, data_dir: Path) -> T:
    async def run(engine: AsyncEngine) -> T:
        async with transaction(engine, Acting("people roster")) as connection:
            return await work(connection)

    with _exit_on_input_error():
        return with_database(data_dir, run)


@contextmanager
def _exit_on_input_error() -> Iterator[None]:
    """Exit with code 1 and name the wrong argument and the reason. Nothing was stored."""
    try:
        yield
    except InputError as error:
        field = FIELDS.get((error.pointer or "/").removeprefix("/"), "")
        why = error.params["why_en" if language() == "en" else "why_zh"]
        fail(f"{field}: {why}")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        fail(f"{FIELDS.get(str(first['loc'][0]), '')}: {first['msg']}")


def _required(value: T | None, option: str) -> T:
    if value is None:
        raise typer.BadParameter(localize("缺少该项", "is missing"), param_hint=option)
    return value


def _print_result(changed: bool, *, cancel: bool) -> None:
    if cancel:
        out.print(localize("✓ 已撤销", "✓ taken back"))
    else:
        out.print(localize("✓ 已登记", "✓ stored") if changed else localize("内容未变", "nothing changed"))
