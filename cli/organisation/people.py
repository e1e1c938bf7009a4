"""`gridloop people`: load and list people and their roles."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.http import PrintJson
from cli.labels import localize
from cli.organisation import accounts, interests, roster
from cli.output import exit_on_problems, out, print_json, print_table
from cli.park import tell_next
from infra.database import Acting
from models.enums import Role
from services.organisation.people_files import load_people
from services.organisation.people_store import Stored

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Departments, people, roles, absences and shifts. 部门、人员与值班。",
)
app.command("absent")(roster.absent)
app.command("shift")(roster.shift)
app.command("interest")(interests.interest)
app.command("interests")(interests.interests)
app.command("roster")(roster.show_roster)
app.command("passwd")(accounts.passwd)
app.command("reset-second-factor")(accounts.reset_second_factor)
app.command("add-admin")(accounts.add_admin)
app.command("disable")(accounts.disable)
app.command("enable")(accounts.enable)


@app.command()
def load(
    departments: Annotated[Path, typer.Argument(help="Departments: YAML, CSV or Excel")],
    people: Annotated[Path, typer.Argument(help="People: YAML, CSV or Excel")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Loads departments, people and roles; with any problem, nothing. Loading again changes nothing."""
    with exit_on_problems():
        acting = Acting("people load")
        summary = with_database(data_dir, lambda engine: load_people(engine, departments, people, acting))
    print_table(
        localize("项目 新增 更新 未变 移除", "what added updated unchanged removed").split(),
        (
            _counts_row(localize("部门", "departments"), summary.departments),
            _counts_row(localize("人员", "people"), summary.people),
            _counts_row(localize("角色", "roles"), summary.grants),
        ),
        boxed=True,
    )
    if summary.roster:
        out.print(
            localize(f"值班与请假:更新 {summary.roster} 项", f"absences and shifts new or changed: {summary.roster}")
        )
    tell_next(data_dir)


def _counts_row(name: str, stored: Stored) -> tuple[str, ...]:
    return name, *map(str, (stored.inserted, stored.updated, stored.unchanged, stored.removed))


@app.command("list")
def list_people(
    role: Annotated[Role | None, typer.Option(help="Only those who hold this role.")] = None,
    volunteers: Annotated[bool, typer.Option("--volunteers", help="Volunteers too.")] = False,
    as_json: PrintJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Lists active people with the roles they hold; volunteers only when asked for."""
    rows = with_database(data_dir, lambda engine: _read_people(engine, role.value if role else None, volunteers))
    if as_json:
        names = ("username", "name", "roles", "can_sign_in")
        print_json([dict(zip(names, (*row[:2], row[2].splitlines(), row[3]), strict=True)) for row in rows])
        return
    print_table(
        localize("用户名 姓名 角色 登录", "username name roles sign-in").split(),
        (
            (username, name, roles, localize("可", "yes") if can_sign_in else localize("否", "no"))
            for username, name, roles, can_sign_in in rows
        ),
        boxed=True,
    )


_PEOPLE = text("""
SELECT p.username, p.name, p.password_hash IS NOT NULL,
       string_agg(g.role || coalesce(' ' || g.department, '') || coalesce(' @' || g.grid, '')
                  || coalesce(' – ' || g.until, ''), chr(10) ORDER BY g.role, g.department, g.grid)
FROM people p LEFT JOIN grants g ON g.person = p.id
WHERE p.active
GROUP BY p.id
HAVING (CAST(:role AS text) IS NULL OR bool_or(g.role = :role))
   AND (:volunteers OR :role = 'volunteer' OR NOT coalesce(bool_and(g.role = 'volunteer'), false))
ORDER BY p.username
""")


async def _read_people(engine: AsyncEngine, role: str | None, volunteers: bool) -> list[tuple[str, str, str, bool]]:
    async with engine.connect() as connection:
        rows = await connection.execute(_PEOPLE, {"role": role, "volunteers": volunteers})
        return [(username, name, roles or "", can_sign_in) for username, name, can_sign_in, roles in rows]
