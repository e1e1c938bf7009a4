"""The units of systemd: systemd itself takes them, and what they start exists."""

import re
import subprocess
from pathlib import Path

import pytest

from infra.settings import Settings
from infra.starting import EXIT_CONFIG
from tests.deploy import tools
from tests.deploy.sample import ROOT, command_exists, sample_environment
from tests.deploy.units import FOLDER, INSTALLED, INSTANCES, command, directives, unit_files

SERVICES = [path.name for path in unit_files() if path.suffix == ".service"]
#: systemd's own figure for what a service could reach, from 0 to 10; an unguarded one has 9.6.
MOST_EXPOSED = 2.0


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with instances, naming this checkout as the place of the program."""
    folder = tmp_path_factory.mktemp("units")
    for path in unit_files():
        text = path.read_text("utf-8").replace(INSTALLED, str(ROOT))
        instance = INSTANCES.get(path.name)
        (folder / path.name.replace("@", f"@{instance}" if instance else "@")).write_text(text)
    return folder


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tools.need("systemd-analyze"), *words], capture_output=True, text=True, check=False)


def test_systemd_takes_every_unit(copies: Path) -> None:
    said = analyze("verify", *map(str, sorted(copies.iterdir())))
    assert (said.returncode, said.stderr) == (0, "")


def test_a_misspelled_directive_would_be_noticed(copies: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "gridloop-wrong.service"
    wrong.write_text((copies / "gridloop-worker@1.service").read_text().replace("TimeoutStopSec", "TimeOutStop"))
    assert "TimeOutStop" in analyze("verify", str(wrong)).stderr


def test_services_are_shut_in(copies: Path) -> None:
    for path in sorted(copies.glob("*.service")):
        said = analyze("security", "--offline=yes", f"--threshold={int(MOST_EXPOSED * 10)}", "--no-pager", str(path))
        assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_what_it_starts_exists(name: str) -> None:
    words = [word for word in command(name) if not re.fullmatch(r"GRIDLOOP_\w+=\S*", word)]
    if words[0] == "/usr/bin/env":
        del words[0]
    assert Path(words[0]).is_file()
    assert command_exists([Path(words[0]).name, *words[1:]])


@pytest.mark.parametrize("name", SERVICES)
def test_variables_are_settings(name: str) -> None:
    found = set(re.findall(r"\bGRIDLOOP_[A-Z_]+", (FOLDER / name).read_text("utf-8")))
    assert found - set(sample_environment()) == set()


def test_wrong_settings_are_not_tried_again() -> None:
    for name in INSTANCES:
        assert directives(FOLDER / name)["RestartPreventExitStatus"] == [str(EXIT_CONFIG)]


def test_there_is_time_to_stop() -> None:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    web = float(directives(FOLDER / "gridloop-web@.service")["TimeoutStopSec"][0])
    assert web > defaults["drain_seconds"] + defaults["web_grace"].total_seconds() + 30
    worker = float(directives(FOLDER / "gridloop-worker@.service")["TimeoutStopSec"][0])
    assert worker > defaults["worker_grace"].total_seconds() + 15
