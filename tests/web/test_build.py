"""The build of the pages: several processes that start at once build once."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT
from web.build import UI, bring_up_to_date


def copy_project(place: Path) -> Path:
    """A copy of the project before the build, with the libraries installed."""
    bring_up_to_date()
    shutil.copytree(ROOT / "web", place / "web", ignore=shutil.ignore_patterns("node_modules", "static", "static.*"))
    shutil.copy(ROOT / "web" / "static.py", place / "web")
    (place / "web" / "ui" / "node_modules").symlink_to(UI / "node_modules")
    for name in ("api", "services", "models", "rules", "infra", "activities", "workflows", "pyproject.toml"):
        (place / name).symlink_to(ROOT / name)
    return place


def test_processes_that_want_it_at_once_get_it_made_once(tmp_path: Path) -> None:
    place = copy_project(tmp_path)
    both = [
        subprocess.Popen([sys.executable, "-m", "web.build"], cwd=place, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [one.communicate(timeout=100)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    built = place / "web" / "static"
    names = json.loads((built / "manifest.json").read_text())
    assert {name for name in names.values() if not (built / name).exists()} == set()
    assert not (place / "web" / "static.new").exists()
