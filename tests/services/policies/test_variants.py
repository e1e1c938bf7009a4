"""Variants of policies: merged by code, with faults at the line of the file that contains them."""

from pathlib import Path

import pytest

from models.enums import LimitUnit
from models.policy.document import Policy
from models.policy.limits import Limit
from services.files.reference_files import BadFile, FileProblem
from services.files.shipped import DEPARTMENTS, DEPLOY, POLICY
from services.organisation.people_files import read_departments
from services.policies.files import check_policy, read_and_check, read_policy
from services.policies.variants import MAX_LAYERS

HALF = DEPLOY / "policies" / "demo-half.yaml"
BASE = """name: 示范
groups:
  - {code: "01", name_zh: 安全, name_en: Safety}
categories:
  - code: "0103"
    name_zh: 消防通道占用
    name_en: Blocked fire exit
    group: "01"
    conditions:
      - {code: any, name_zh: 一, name_en: one, standard: quick}
standards:
  - code: quick
    accept: {hours: 0.25}
    dispatch: {hours: 0.25}
    handle: {amount: 2, unit: work_hour, source: "law: 消防法 §28", ceiling: {amount: 8, unit: work_hour}}
    review: {hours: 4}
  - code: slow
    accept: {hours: 1}
    dispatch: {hours: 1}
    handle: {hours: 8}
    review: {hours: 8}
routes:
  - {id: rest, host: centre, why_zh: 其他, why_en: rest}
fallback_owner: leader
archive_days: 30
"""


def variant(folder: Path, changes: str, base: str = BASE, name: str = "variant.yaml") -> Path:
    """Write a base with a variant beside it."""
    (folder / "base.yaml").write_text(base, encoding="utf-8")
    path = folder / name
    path.write_text(f"extends: base.yaml\nchanges:\n{changes}", encoding="utf-8")
    return path


def quick(policy: Policy) -> Limit:
    found = policy.standard("quick")
    assert found is not None
    return found.handle


def problems(path: Path) -> list[FileProblem]:
    with pytest.raises(BadFile) as caught:
        read_policy(path)
    return list(caught.value.problems)


def test_unchanged_parts_stay_and_scalars_are_replaced(tmp_path: Path) -> None:
    changed = read_policy(variant(tmp_path, "  name: 另一套\n  archive_days: 60\n"))
    plain = read_policy(tmp_path / "base.yaml")
    assert changed == plain.model_copy(update={"name": "另一套", "archive_days": 60})


def test_entries_are_merged_by_code_and_new_ones_added(tmp_path: Path) -> None:
    added = "    - {code: new, accept: {hours: 1}, dispatch: {hours: 1}, handle: {hours: 1}, review: {hours: 1}}\n"
    policy = read_policy(variant(tmp_path, f"  standards:\n    - {{code: slow, handle: {{hours: 4}}}}\n{added}"))
    assert [standard.code for standard in policy.standards] == ["quick", "slow", "new"]
    assert policy.standards[1].handle.amount == 4
    assert policy.standards[1].accept.amount == 1


def test_a_new_length_loses_the_source_of_the_old_one_and_keeps_its_ceiling(tmp_path: Path) -> None:
    handle = quick(read_policy(variant(tmp_path, "  standards: [{code: quick, handle: {amount: 1}}]\n")))
    assert (handle.amount, handle.unit, handle.source) == (1, LimitUnit.WORK_HOUR, "our choice")
    assert handle.ceiling is not None
    named = "  standards: [{code: quick, handle: {amount: 1, source: 'standard: a city'}}]\n"
    assert quick(read_policy(variant(tmp_path, named))).source == "standard: a city"
    ceiling_only = "  standards: [{code: quick, handle: {ceiling: {amount: 6, unit: work_hour}}}]\n"
    assert quick(read_policy(variant(tmp_path, ceiling_only))).source == "law: 消防法 §28"


def test_hours_and_amounts_replace_each_other(tmp_path: Path) -> None:
    hours = quick(read_policy(variant(tmp_path, "  standards: [{code: quick, handle: {hours: 3}}]\n")))
    assert (hours.amount, hours.unit) == (3, LimitUnit.URGENT_HOUR)
    amount = "  standards: [{code: slow, handle: {amount: 3, unit: work_hour}}]\n"
    slow = read_policy(variant(tmp_path, amount)).standard("slow")
    assert slow is not None
    assert (slow.handle.amount, slow.handle.unit) == (3, LimitUnit.WORK_HOUR)


def test_null_removes_a_key(tmp_path: Path) -> None:
    handle = quick(read_policy(variant(tmp_path, "  standards: [{code: quick, handle: {ceiling: null}}]\n")))
    assert handle.ceiling is None
    assert handle.source == "law: 消防法 §28"


def test_a_variant_may_extend_a_variant(tmp_path: Path) -> None:
    variant(tmp_path, "  archive_days: 60\n  name: 一\n")
    second = tmp_path / "second.yaml"
    second.write_text("extends: variant.yaml\nchanges: {name: 二}\n", encoding="utf-8")
    assert (read_policy(second).name, read_policy(second).archive_days) == ("二", 60)


def test_a_fault_is_reported_at_the_line_of_its_file(tmp_path: Path) -> None:
    path = variant(tmp_path, "  standards:\n    - code: quick\n      handle: {amount: -1}\n")
    (own,) = problems(path)
    assert (own.file, own.line) == (str(path), 5)
    assert "greater than 0" in own.en
    broken = BASE.replace("review: {hours: 8}", "review: {hours: -8}")
    (inherited,) = problems(variant(tmp_path, "  name: 另一套\n", broken))
    assert (inherited.file, inherited.line) == (str(tmp_path / "base.yaml"), 21)


def test_a_typo_in_a_code_is_an_incomplete_entry_at_its_line(tmp_path: Path) -> None:
    path = variant(tmp_path, "  standards:\n    - {code: quik, handle: {hours: 1}}\n")
    assert {(p.file, p.line) for p in problems(path)} == {(str(path), 4)}
    assert any("accept: Field required" in p.en for p in problems(path))


def test_faults_against_the_park_are_reported_in_the_base_too(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as caught:
        read_and_check(variant(tmp_path, "  fallback_owner: nobody\n"), set(), {"leader"})
    assert [(Path(p.file).name, p.line) for p in caught.value.problems] == [("base.yaml", 23), ("variant.yaml", 3)]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("extends: none.yaml\nchanges: {}\n", 1, "cannot be read"),
        ("changes: {}\nextends: variant.yaml\n", 2, "extends this file itself"),
        ("extends: base.yaml\nname: x\n", 2, "`extends` and `changes` only"),
        ("extends: base.yaml\nchanges: [1]\n", 2, "a mapping is expected"),
        ("extends: 7\n", 1, "the name of a file is expected"),
        ("extends: base.yaml\nchanges: {colour: red}\n", 2, "Extra inputs"),
    ],
)
def test_a_variant_with_faults_of_its_own(tmp_path: Path, content: str, line: int, reason: str) -> None:
    path = variant(tmp_path, "")
    path.write_text(content, encoding="utf-8")
    (problem,) = problems(path)
    assert (problem.file, problem.line) == (str(path), line)
    assert reason in problem.en


def test_the_number_of_layers_is_limited(tmp_path: Path) -> None:
    (tmp_path / "0.yaml").write_text(BASE, encoding="utf-8")
    for n in range(MAX_LAYERS + 1):
        (tmp_path / f"{n + 1}.yaml").write_text(f"extends: {n}.yaml\n", encoding="utf-8")
    assert read_policy(tmp_path / f"{MAX_LAYERS - 1}.yaml").name == "示范"
    assert "at most" in problems(tmp_path / f"{MAX_LAYERS + 1}.yaml")[0].en


def test_the_halved_demonstration_is_half_and_fits_the_park() -> None:
    half, whole = read_policy(HALF), read_policy(POLICY)
    assert check_policy(half, {d.id for d in read_departments(DEPARTMENTS).departments}, {"leader"}) == ()
    litter, everyday = half.standard("litter"), half.standard("everyday")
    assert litter is not None
    assert everyday is not None
    assert (litter.handle.amount, litter.handle.source) == (2, "our choice")
    assert (everyday.handle.amount, everyday.handle.unit) == (1.5, LimitUnit.WORK_DAY_8H)
    same = {s.code for s in whole.standards} - {s.code for s in half.standards if s != whole.standard(s.code)}
    lawful = {s.code for s in whole.standards if s.ladder in ("urgent", "lawful")}
    assert same == lawful
    assert half.categories == whole.categories
