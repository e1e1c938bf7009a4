"""A second run forgives a test that fails once, unless it is one of pure rules, and forgives no more than that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONCE = """
from pathlib import Path
def test_it():
    seen = Path(__file__).with_suffix(".seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""
ALWAYS = "def test_it():\n    assert False\n"


def run_both(folder: Path, files: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run tests with these contents, and those that failed again, unless they are below `rules`."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    first = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=folder, env=environment, check=False)
    return subprocess.run(
        [sys.executable, "-m", "tests.again", str(first.returncode), "rules"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_one_that_passes_the_second_time_is_named(tmp_path: Path) -> None:
    ended = run_both(tmp_path, {"pages/test_a.py": ONCE, "rules/test_b.py": "def test_it():\n    pass\n"})
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.endswith("Unsteady, failed once and passed once:\n  pages/test_a.py::test_it\n")


@pytest.mark.parametrize(
    "files",
    [
        {"pages/test_a.py": ALWAYS},
        {"pages/test_a.py": ONCE, "pages/test_b.py": ALWAYS},
        {"rules/test_a.py": ONCE},
        {"pages/test_a.py": ONCE, "rules/test_b.py": ONCE},
        {f"pages/test_{name}.py": ONCE for name in "abcdef"},
    ],
    ids=["twice", "one of two", "of a rule", "beside one of a rule", "many"],
)
def test_whatever_else_fails_has_failed(tmp_path: Path, files: dict[str, str]) -> None:
    ended = run_both(tmp_path, files)
    assert ended.returncode == 1
    assert "Unsteady" not in ended.stdout


def test_a_run_that_was_broken_off_has_failed(tmp_path: Path) -> None:
    assert run_both(tmp_path, {"pages/test_a.py": "no python"}).returncode == 2
