"""The package as it is installed: everything that commands read is in it, and they run from it."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT

#: What is needed to build, beside the packages.
FILES = ("pyproject.toml", "README.md", "worker.py", "starter.py")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", ".*", "ui", "*.egg-info", "build")
PACKAGES = (
    "models", "rules", "workflows", "activities", "services", "doors", "api", "infra", "web", "cli", "migrations",
    "deploy", "requirements",
)  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with the installed wheel, built without a network."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name in FILES:
        shutil.copy(ROOT / name, source / name)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=LEFT_OUT)
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet")
    subprocess.run([sys.executable, "-m", "pip", "wheel", *offline, "-w", source / "dist", source], check=True)
    (wheel,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    yield target
    shutil.rmtree(source)


def below(folder: Path, pattern: str) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()}


@pytest.mark.parametrize(
    "pattern",
    [
        "migrations/*.py", "migrations/versions/*.py", "deploy/demo/**/*.*", "deploy/policies/*",
        "deploy/park-template/*",
        "web/templates/**/*.html", "web/locale/**/*.po", "web/static/**/*.*", "services/simulation/templates/*.html",
    ],
)  # fmt: skip
def test_everything_is_in_it(installed: Path, pattern: str) -> None:
    ours = {name for name in below(ROOT, pattern) if "__pycache__" not in name}
    assert ours
    assert below(installed, pattern) >= ours


def test_nothing_else_is_in_it(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == (set(PACKAGES) - {"requirements"}) | {"worker.py", "starter.py"}
    assert {path.name for path in (installed / "deploy").iterdir()} == {"demo", "policies", "park-template"}


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the installed package, away from the checkout."""
    started = "import cli.app, sys; assert cli.__file__.startswith(sys.argv.pop(1)), cli.__file__; cli.app.main()"
    ours = ("GRIDLOOP_", "TEMPORAL_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [sys.executable, "-P", "-c", started, str(installed), *words],
        cwd=folder, env={**clean, "PYTHONPATH": str(installed), "GRIDLOOP_LANG": "en", "COLUMNS": "200"},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("db", "--help"), "upgrade"),
        (("setup", "--help"), "--move-here"),
        (("park", "template", "park"), "next: load the grids"),
    ],
)
def test_commands_run_from_it(installed: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run(installed, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_the_tables_are_made_from_it(installed: Path, tmp_path: Path, empty_database_url: str) -> None:
    code = (
        "import sys; from infra.migrate import SCRIPTS_DIR, upgrade;"
        "assert str(SCRIPTS_DIR).startswith(sys.argv[1]); upgrade(sys.argv[2])"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    subprocess.run(
        [sys.executable, "-P", "-c", code, str(installed), empty_database_url],
        cwd=tmp_path,
        env=environment,
        check=True,
    )
