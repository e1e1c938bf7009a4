"""The demonstration park: everything in it, and the second load."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.enums import Role
from services.accounts.passwords import verify_password
from services.demo.park import ACCOUNTS_FILE, load_demo
from services.policies.versions import publish, read_current


async def test_the_demonstration_loads_whole_and_a_second_time_changes_nothing(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    started = time.perf_counter()
    first = await load_demo(engine, tmp_path)
    all_of_it = time.perf_counter() - started
    started = time.perf_counter()
    second = await load_demo(engine, tmp_path)
    took = time.perf_counter() - started

    assert first.changed
    assert not second.changed
    assert second.policy_version == first.policy_version == 1
    assert (first.units, first.workers, first.volunteers) == (1944, 63, 1837)
    assert took < all_of_it / 2, f"the second load hashes and writes nothing, yet took {took:.1f} of {all_of_it:.1f} s"

    async with engine.connect() as connection:
        levels = (await connection.execute(text("SELECT level, count(*) FROM grid_units GROUP BY 1 ORDER BY 1"))).all()
        volunteers = (
            await connection.execute(
                text(
                    "SELECT count(DISTINCT g.grid) FROM grants g JOIN people p ON p.id = g.person"
                    " WHERE g.role = 'volunteer' AND p.password_hash IS NULL"
                )
            )
        ).scalar_one()
        roles = set((await connection.execute(text("SELECT DISTINCT role FROM grants"))).scalars())
        number, policy = await read_current(connection)
    assert [tuple(row) for row in levels] == [(1, 1), (2, 13), (3, 93), (4, 1837)]
    assert volunteers == 1837
    assert roles == {role.value for role in Role}
    assert number == 1
    assert policy.category("0103") is not None


async def test_every_account_in_the_file_can_sign_in_and_has_its_roles(demo: AsyncEngine, tmp_path: Path) -> None:
    path = tmp_path / ACCOUNTS_FILE
    accounts = json.loads(path.read_text())
    async with demo.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM people WHERE password_first")) == 0
        rows = await connection.execute(text("SELECT username, password_hash FROM people"))
        hashes: dict[str, str | None] = {username: stored for username, stored in rows}
    with_password = {username for username, stored in hashes.items() if stored is not None}

    assert path.stat().st_mode & 0o777 == 0o600
    assert {account["username"] for account in accounts} == with_password
    assert verify_password(hashes["duty"], accounts[0]["password"])
    held = {role["role"] for account in accounts for role in account["roles"]}
    assert held == {role.value for role in Role}
    assert all(set(role) == {"role", "grid", "department"} for a in accounts for role in a["roles"])


async def test_what_an_operator_has_changed_survives_the_next_load(demo: AsyncEngine, tmp_path: Path) -> None:
    async with transaction(demo) as connection:
        await connection.execute(text("UPDATE people SET active = false WHERE username = 'duty2'"))
        await connection.execute(text("UPDATE departments SET active = false WHERE id = 'fire'"))
        await connection.execute(text("UPDATE grid_units SET name = '新名' WHERE level = 1"))
        _, policy = await read_current(connection)
        await publish(connection, policy.model_copy(update={"name": "本地策略"}), datetime.now(UTC))

    again = await load_demo(demo, tmp_path)

    assert not again.changed
    async with demo.connect() as connection:
        assert (await read_current(connection))[1].name == "本地策略"
        assert not await connection.scalar(text("SELECT active FROM people WHERE username = 'duty2'"))
        assert await connection.scalar(text("SELECT name FROM grid_units WHERE level = 1")) == "新名"


async def test_every_department_has_a_head_and_a_handler(demo: AsyncEngine) -> None:
    async with demo.connect() as connection:
        lacking = await connection.execute(
            text(
                "SELECT d.id FROM departments d WHERE"
                " (SELECT count(DISTINCT role) FROM grants g WHERE g.department = d.id) < 2"
                " OR (SELECT count(DISTINCT person) FROM grants g WHERE g.department = d.id) < 2"
            )
        )
        assert lacking.scalars().all() == []
