"""The sample file of settings and the class that reads them have the same names, defaults and limits."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from cli.settings.example import default, english_notes, render_example, variable
from cli.settings.notes import EXAMPLES, OTHERS, REQUIRED, SECTIONS
from infra.settings import Settings
from tests.deploy.sample import DEPLOY, ROOT, sample_environment

MAKE = "gridloop settings --env-example > deploy/env.example"
SECRET = "0" * 64
#: Names in our source that are no settings: of `up` among its own processes.
OURS = {"GRIDLOOP_TEMPORAL_CLOSED"}


def test_every_setting_has_a_place_in_the_file_and_nothing_else_has() -> None:
    noted = [field for section in SECTIONS for field in section.notes]
    assert sorted(noted) == sorted(Settings.model_fields), "cli/settings/notes.py has each setting once"
    assert set(EXAMPLES) <= set(noted)
    assert sorted(REQUIRED) == sorted(name for name, field in Settings.model_fields.items() if field.is_required())
    ours = {name for name in sample_environment() if name.startswith("GRIDLOOP_")}
    others = {one.name for _, _, variables in OTHERS for one in variables if one.name.startswith("GRIDLOOP_")}
    assert ours == {variable(name) for name in Settings.model_fields} | others


def test_the_file_is_the_one_that_the_command_prints() -> None:
    assert (DEPLOY / "env.example").read_text("utf-8") == render_example(), f"make it anew: {MAKE}"


def test_each_is_explained_in_both_languages() -> None:
    english = english_notes()
    assert list(english) == list(Settings.model_fields)
    assert next(iter(english.values()))
    for section in SECTIONS:
        assert [name for name, zh in section.notes.items() if not re.search("[\u4e00-\u9fff]", zh)] == []


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    for name, value in {"database_url": EXAMPLES["database_url"], "token_secret": SECRET, **values}.items():
        monkeypatch.setenv(variable(name), value)
    return Settings()


def plain(settings: BaseSettings) -> dict[str, Any]:
    return settings.model_dump()


def test_defaults_in_the_file_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {name: sample_environment()[variable(name)] for name in Settings.model_fields if name not in EXAMPLES}
    for name, value in shown.items():
        assert value == default(name)
    given = {name: value for name, value in shown.items() if value}
    assert plain(read(monkeypatch, **given)) == plain(read(monkeypatch))


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - set(REQUIRED)))
def test_samples_are_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    more = {"oidc_client_id": "gridloop"} if name == "oidc_issuer" else {}
    assert plain(read(monkeypatch, **{name: EXAMPLES[name]}, **more)) != plain(read(monkeypatch, **more))


def test_the_file_as_it_is_starts_nothing(tmp_path: Path) -> None:
    """Whoever forgets to fill in the secret is told so; a shell reads every line."""
    script = f'set -a; . {DEPLOY / "env.example"}; exec "$0" -c "from infra.settings import settings; settings()"'
    surroundings = {"GRIDLOOP_DATA_DIR": str(tmp_path), "PATH": os.defpath}
    told = subprocess.run(
        ["sh", "-c", script, sys.executable], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "token_secret" in told.stderr
    assert "database_url" not in told.stderr


def test_every_variable_that_the_source_reads_is_in_the_file() -> None:
    said = set()
    for package in ("cli", "infra", "api", "web", "services", "doors", "worker.py"):
        files = [ROOT / package] if package.endswith(".py") else (ROOT / package).rglob("*.py")
        for file in files:
            said |= set(re.findall(r"\bGRIDLOOP_[A-Z0-9_]*[A-Z0-9]\b", file.read_text("utf-8")))
    assert said - OURS - set(sample_environment()) == set()
