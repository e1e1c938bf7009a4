"""`grids`, `people`, `policy`: files are checked with line numbers, loaded whole or not at all, and shown."""

import json
from pathlib import Path

import pytest

from services.files.shipped import DEPARTMENTS, DIVISIONS, POLICY
from tests.builders import COMMUNITY, PARK
from tests.cli.conftest import Run, refusal

REGISTRY = """code,name,level,parent_code
130172100,东区,park,
130172100001,东一社区,community,130172100
"""
PEOPLE = """since: 2024-01-01
people:
  - {username: leader, name: 王强, password: secret-word, grants: [{role: duty_officer, grid: "130172100"}]}
  - {username: chief, name: 李娜, grants: [{role: supervisor, grid: "130172100"}]}
  - {username: labour1, name: 张伟, grants: [{role: handler, department: labour}]}
"""


def file(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def here(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command on the machine of an empty, migrated database."""
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", database_url)
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "3" * 64)
    return run


def test_a_good_registry_has_no_problems(run: Run, tmp_path: Path) -> None:
    result = run("grids", "check", file(tmp_path, "units.csv", REGISTRY))
    assert result.exit_code == 0, result.output
    assert "no problems: 2 units" in result.stdout
    assert run("grids", "check", DIVISIONS).exit_code == 0


def test_every_problem_of_a_registry_is_reported_with_its_line(run: Run, tmp_path: Path) -> None:
    bad = file(tmp_path, "units.csv", REGISTRY + "130172100002,孤儿,community,130172999\n130172100003,,x,130172100\n")
    told = refusal(run("grids", "check", bad))
    assert f"{bad}:4: " in told
    assert f"{bad}:5: " in told
    assert "nothing was stored" in told
    assert f"{bad}:1: columns missing: level, parent_code" in refusal(
        run("grids", "check", file(tmp_path, "units.csv", "code,name\n"))
    )
    assert "No such file" in refusal(run("grids", "check", tmp_path / "nothing.csv"))


def test_a_map_is_checked_by_feature(run: Run, tmp_path: Path) -> None:
    unit = {"code": "130172100", "name": "丘头镇", "level": "street"}
    shape = {"type": "Polygon", "coordinates": [[[114, 38], [115, 38], [115, 39], [114, 38]]]}
    good = {"type": "Feature", "properties": unit, "geometry": shape}
    path = tmp_path / "units.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [good]}), "utf-8")
    assert "no problems: 1 unit," in run("grids", "check", path).stdout
    broken = {**good, "geometry": {"type": "Point", "coordinates": [114, 38]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [good, broken]}), "utf-8")
    found = run("grids", "check", path)
    assert found.exit_code == 1
    assert f"{path}:1: feature 2: its geometry should be a Polygon or a MultiPolygon" in found.stderr


def test_a_good_policy_has_no_problems(run: Run) -> None:
    result = run("policy", "check", POLICY)
    assert result.exit_code == 0, result.output
    assert "no problems: " in result.stdout


def test_every_problem_of_a_policy_is_reported_with_its_line(run: Run, tmp_path: Path) -> None:
    lines = POLICY.read_text(encoding="utf-8").splitlines()
    wrong = next(n for n, line in enumerate(lines) if "review: {amount: 1, unit: work_day_8h}" in line)
    lines[wrong] = lines[wrong].replace("amount: 1,", "amount: -1,")
    bad = file(tmp_path, "policy.yaml", "\n".join(lines))
    told = refusal(run("policy", "check", bad))
    assert f"{bad}:{wrong + 1}: " in told
    assert "greater than 0" in told


def test_problems_are_reported_in_the_readers_language(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = file(tmp_path, "units.csv", "code,name\n")
    monkeypatch.setenv("GRIDLOOP_LANG", "zh")
    assert f"{bad}:1: 没有“level”“parent_code”这些列" in refusal(run("grids", "check", bad))
    assert "没有问题" in run("policy", "check", POLICY).stdout


def test_a_registry_is_loaded_whole_or_not_at_all(here: Run, tmp_path: Path) -> None:
    good = file(tmp_path, "units.csv", REGISTRY)
    bad = file(tmp_path, "bad.csv", REGISTRY + "130172100002,孤儿,community,130172999\n")
    refusal(here("grids", "load", bad))
    assert PARK not in here("grids", "list").stdout
    loaded = here("grids", "load", good, "--make-lower-levels", "--micro-grids", "24", "--box", "117,38,117.1,38.1")
    assert loaded.exit_code == 0, loaded.output
    assert "added" in loaded.stdout
    assert ", 0 updated, 0 unchanged" in loaded.stdout
    again = here("grids", "load", good)
    assert "0 added, 0 updated, 2 unchanged" in again.stdout
    listed = here("grids", "list").stdout
    assert PARK in listed
    assert COMMUNITY in here("grids", "list", "--under", PARK).stdout
    assert "there is no unit 999" in refusal(here("grids", "list", "--under", "999"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--micro-grids", "24"), "--make-lower-levels"),
        (("--box", "1,2,3"), "WEST,SOUTH,EAST,NORTH"),
        (("--box", "2,38,1,39"), "WEST,SOUTH,EAST,NORTH"),
    ],
)
def test_options_that_make_no_sense_are_refused(run: Run, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    result = run("grids", "load", file(tmp_path, "units.csv", REGISTRY), *words)
    assert result.exit_code == 2
    assert told in result.output


def test_people_and_a_policy_are_loaded_published_and_shown(here: Run, tmp_path: Path) -> None:
    assert "policy" in refusal(here("policy", "show"))
    assert here("grids", "load", file(tmp_path, "units.csv", REGISTRY)).exit_code == 0
    refusal(here("policy", "publish", POLICY))
    loaded = here("people", "load", DEPARTMENTS, file(tmp_path, "people.yaml", PEOPLE))
    assert loaded.exit_code == 0, loaded.output
    assert "departments" in loaded.stdout
    assert "secret-word" not in loaded.output
    listed = here("people", "list", "--role", "supervisor").stdout
    assert "chief" in listed
    assert "labour1" not in listed
    assert "published as version 1" in here("policy", "publish", POLICY).stdout
    assert "still version 1" in here("policy", "publish", POLICY).stdout
    changed = file(
        tmp_path, "policy.yaml", POLICY.read_text(encoding="utf-8").replace("answer_hours: 72", "answer_hours: 48")
    )
    assert "published as version 2" in here("policy", "publish", changed).stdout
    shown = here("policy", "show").stdout
    assert "version 2" in shown
    assert "0103" in shown


def test_without_a_system_the_error_says_how_to_start_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = refusal(run("grids", "list", "--data-dir", tmp_path))
    assert "no running system found" in told
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "3" * 64)
    assert "the database cannot be reached" in refusal(run("grids", "list", "--data-dir", tmp_path))
