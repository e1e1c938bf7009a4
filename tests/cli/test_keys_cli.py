"""`keys` and `retention`: making, counting, changing and removing master keys; counting what would be erased."""

import asyncio
import json
import stat
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from infra.database import open_database
from infra.settings import Settings
from tests.builders import a_policy, publish, small_park
from tests.cli.conftest import Run
from tests.servers import Servers


@pytest.fixture
def here(run: Run, servers: Servers, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command on the machine of a system with three reporters in clear."""
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", database_url)
    monkeypatch.setenv("GRIDLOOP_DATABASE_OWNER_URL", database_url)
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "3" * 64)
    monkeypatch.setenv("TEMPORAL_ADDRESS", servers.temporal_address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", servers.temporal_namespace)
    monkeypatch.setenv("GRIDLOOP_KEY_FILE", str(tmp_path / "keys" / "master.json"))
    monkeypatch.setenv("GRIDLOOP_VAULT_FOLDER", str(tmp_path / "vault"))

    async def fill() -> None:
        engine = open_database(Settings(database_url=SecretStr(database_url), token_secret=SecretStr("3" * 64)))
        await small_park(engine)
        async with engine.begin() as connection:
            await publish(connection, a_policy(), version=2)
            insert = (
                "INSERT INTO reporters (id, name, phone, anonymous, created_at) VALUES (:id, '甲', '1', false, now())"
            )
            await connection.execute(text(insert), [{"id": uuid4()} for _ in range(3)])
        await engine.dispose()

    asyncio.run(fill())
    return run


def test_a_master_key_from_its_making_to_its_removal(here: Run, tmp_path: Path) -> None:
    missing = here("keys", "status")
    assert missing.exit_code == 1
    assert "not available" in missing.stderr
    assert here("keys", "create").exit_code == 0
    ring = tmp_path / "keys" / "master.json"
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    kept = ring.read_bytes()
    assert here("keys", "create").exit_code == 1
    assert ring.read_bytes() == kept
    assert here("keys", "status").exit_code == 1, "three are in clear"
    assert "3" in here("keys", "encrypt").stdout
    shown = here("keys", "status", "--json")
    assert shown.exit_code == 0, shown.output
    state = json.loads(shown.stdout)
    old = state["current"]
    assert (state["rows"], state["files"], state["clear"], state["left"]) == ({old: 3}, {old: 3}, 0, 0)
    assert here("keys", "remove", old).exit_code == 1, "it is in use"
    assert here("keys", "rotate").exit_code == 0
    assert here("keys", "rotate", "--resume").exit_code == 0
    state = json.loads(here("keys", "status", "--json").stdout)
    assert state["current"] != old
    assert (state["rows"], state["left"]) == ({state["current"]: 3}, 0)


def test_the_retention_counts_before_it_erases(here: Run) -> None:
    here("keys", "create")
    counted = here("retention", "--dry-run", "--json")
    assert counted.exit_code == 0, counted.output
    assert {name: json.loads(counted.stdout)[name] for name in ("erased", "held", "dry")} == {
        "erased": 0, "held": 0, "dry": True,
    }  # fmt: skip
    assert "0" in here("retention").stdout
