"""The guide for operators: its commands run, its links lead somewhere, and it has an answer to every alert."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import cli.app
from infra.settings import settings
from tests.deploy.sample import DEPLOY, ROOT, command_exists, sample_environment
from tests.servers import Servers
from tests.system.processes import environment

GUIDES = {"en": ROOT / "docs" / "operations.md", "zh": ROOT / "docs" / "operations.zh-CN.md"}
READMES = sorted(DEPLOY.glob("**/README.md"))
#: Commands that end with 1 when they find something, as they do in the demonstration.
FINDING = {"org lint"}


def blocks(language: str, mark: str = "") -> list[str]:
    """The shell blocks; with a mark, those that are run here."""
    return re.findall(rf"{mark}```sh\n(.*?)^```", GUIDES[language].read_text("utf-8"), re.DOTALL | re.MULTILINE)


def lines(language: str, mark: str = "") -> list[list[str]]:
    return [shlex.split(line, comments=True) for block in blocks(language, mark) for line in block.splitlines()]


@pytest.fixture
def fresh(servers: Servers, empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of an operator on an empty database."""
    for name, value in environment(servers, empty_database_url, tmp_path / "data", "guide").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_the_commands_of_the_first_start_and_of_an_own_park_run() -> None:
    given = [words for words in lines("en", "<!-- runs -->\n")]
    assert len(given) > 10
    for words in given:
        assert words[0] == "gridloop"
        said = CliRunner().invoke(cli.app.app, words[1:])
        allowed = (0, 1) if " ".join(words[1:3]) in FINDING else (0,)
        assert said.exit_code in allowed, (words, said.output, said.exception)
        assert not (said.exception and not isinstance(said.exception, SystemExit))


def test_the_first_steps_for_containers_leave_settings_that_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(
        r"^```\n(.*?)^```", (DEPLOY / "docker" / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    before = [line for line in block.splitlines() if not line.startswith("docker ")]
    (tmp_path / "env.example").write_bytes((DEPLOY / "env.example").read_bytes())
    subprocess.run(["sh", "-euc", "\n".join(before)], cwd=tmp_path, check=True)
    given = dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", (tmp_path / "gridloop.env").read_text("utf-8"), re.MULTILINE))
    assert set(given) == {"GRIDLOOP_TOKEN_SECRET"}
    assert re.fullmatch("[0-9a-f]{64}", given["GRIDLOOP_TOKEN_SECRET"])
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    for secret in compose["secrets"].values():
        assert re.fullmatch("[0-9a-f]{48}", (tmp_path / secret["file"]).read_text())
    assert oct((tmp_path / ".env").stat().st_mode)[-3:] == oct((tmp_path / "gridloop.env").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("language", GUIDES)
def test_every_command_in_a_block_exists(language: str) -> None:
    for words in lines(language):
        if words[:1] == ["gridloop"]:
            assert command_exists(words)
    named = re.findall(r"`(?:gridloop|starter\.py) ([a-z][a-z-]*)", GUIDES[language].read_text("utf-8"))
    assert named
    assert set(named) <= set(cli.app.COMMANDS)


def test_both_guides_say_the_same_commands_and_have_the_same_parts() -> None:
    assert lines("en") == lines("zh")
    heads = {name: re.findall(r"^#+", path.read_text("utf-8"), re.MULTILINE) for name, path in GUIDES.items()}
    assert heads["en"] == heads["zh"]


@pytest.mark.parametrize("language", GUIDES)
def test_every_alert_has_an_answer(language: str) -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text("utf-8"))
    alerts = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert re.findall(r"^### (\w+)$", GUIDES[language].read_text("utf-8"), re.MULTILINE) == alerts


@pytest.mark.parametrize("path", [*GUIDES.values(), *READMES], ids=lambda path: str(path.relative_to(ROOT)))
def test_what_it_names_is_there(path: Path) -> None:
    said = path.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", said):
        assert target.startswith("https://") or (path.parent / target).exists(), target
    for named in re.findall(r"`(deploy/[\w./-]+)`", said):
        assert (ROOT / named).exists(), named
    variables = set(re.findall(r"\b(?:GRIDLOOP|TEMPORAL)_[A-Z0-9_]*[A-Z0-9]\b", said))
    containers = {"GRIDLOOP_IMAGE", "TEMPORAL_IMAGE", "TEMPORAL_DB_PASSWORD"}
    assert variables - set(sample_environment()) - containers == set()
    assert [line for line in said.splitlines() if len(line) > 135 and not line.startswith("|")] == []
