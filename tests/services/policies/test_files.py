"""Policies: faults with lines, versions that never change, and the demonstration's own policy."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.errors import NoSuchPage
from models.policy.document import Policy
from rules.routing import route
from services.files.reference_files import BadFile
from services.files.shipped import DEPARTMENTS, POLICY
from services.organisation.people_files import read_departments
from services.policies.files import check_policy, read_and_check, read_policy
from services.policies.versions import find_version, publish, read_current, read_version

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
SMALL = """name: 示范
groups:
  - {code: "01", name_zh: 安全, name_en: Safety}
categories:
  - code: "0103"
    name_zh: 消防通道占用
    name_en: Blocked fire exit
    group: "01"
    limits:
      accept: {hours: 0.25}
      dispatch: {hours: 0.25}
      handle: {hours: 2, source: "law: 消防法 §28"}
      review: {hours: 4}
routes:
  - id: fire
    categories: ["01"]
    host: fire
    why_zh: 消防
    why_en: fire
  - {id: rest, host: centre, why_zh: 其他, why_en: rest}
fallback_owner: leader
"""


def small(folder: Path, old: str = "", new: str = "") -> Path:
    """Write the small policy, with one thing changed."""
    assert old in SMALL
    path = folder / "policy.yaml"
    path.write_text(SMALL.replace(old, new, 1) if old else SMALL)
    return path


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("hours: 2,", "hours: 0,", 12, "categories.0.limits.handle.amount: Input should be greater than 0"),
        ("law: 消防法 §28", "the law", 12, "categories.0.limits.handle.source"),
        ("      review: {hours: 4}\n", "", 9, "categories.0.limits.review: Field required"),
        ('code: "0103"', "code: 0103", 5, "put quotes around a code made of digits"),
        ('group: "01"', 'group: "07"', 8, "categories.0.group: there is no group “07”"),
        ("name_en: Safety}", 'name_en: S}\n  - {code: "01", name_zh: 二, name_en: T}', 4, "duplicate of line 3"),
        ("    group:", "    colour: red\n    group:", 8, "categories.0.colour: Extra inputs"),
        ("host: centre", 'categories: ["01"], host: centre', 1, "the last routing rule must fit everything"),
        ("fallback_owner: leader\n", "", 1, "fallback_owner: Field required"),
        ("  - id: fire", "  - id fire", 16, "broken YAML"),
        ("name_en: Safety", "name_en: Saf\x07ety", 3, "broken YAML: special characters are not allowed"),
    ],
)
def test_a_fault_is_reported_at_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    with pytest.raises(BadFile) as caught:
        read_policy(small(tmp_path, old, new))
    problem = next(p for p in caught.value.problems if reason in p.en)
    assert problem.line == line
    assert problem.zh


def test_a_duplicate_category_is_reported_once_at_its_line(tmp_path: Path) -> None:
    category = SMALL[SMALL.index('  - code: "0103"') : SMALL.index("routes:")]
    path = tmp_path / "policy.yaml"
    path.write_text(SMALL.replace("routes:", category + "routes:"))
    with pytest.raises(BadFile) as caught:
        read_policy(path)
    assert [(p.line, p.en) for p in caught.value.problems] == [
        (14, "categories.1.code: “0103” is a duplicate of line 5")
    ]


@pytest.mark.parametrize("content", ["", "[]", "name: 1\ncategories: 7\ngroups: {a: 1}\n", "- \x07"])
def test_a_file_of_another_kind_is_a_bad_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(content)
    with pytest.raises(BadFile):
        read_policy(path)


def test_it_must_fit_the_park(tmp_path: Path) -> None:
    path = small(tmp_path)
    read_and_check(path, {"fire", "centre"}, {"leader"})
    with pytest.raises(BadFile) as caught:
        read_and_check(path, {"centre"}, {"somebody"})
    assert [(p.line, p.en) for p in caught.value.problems] == [
        (17, "routes.0.host: there is no department “fire”"),
        (21, "fallback_owner: there is no active person “leader”"),
    ]
    policy = read_policy(path).model_copy(update={"zone": "Asia/Nowhere"})
    assert [p.en for p in check_policy(policy, {"fire", "centre"}, {"leader"})] == [
        "zone: there is no time zone “Asia/Nowhere”"
    ]
    with pytest.raises(BadFile, match=r"policy\.yaml:16: .*no category begins with “02”"):
        read_and_check(small(tmp_path, '["01"]', '["02"]'), {"fire", "centre"}, {"leader"})


async def test_versions_count_up_and_the_same_content_is_no_new_one(engine: AsyncEngine, tmp_path: Path) -> None:
    first = read_policy(small(tmp_path))
    second = first.model_copy(update={"archive_days": 31})
    async with transaction(engine) as connection:
        with pytest.raises(NoSuchPage):
            await read_current(connection)
        assert await publish(connection, first, NOW) == 1
        assert await publish(connection, first, NOW) == 1
        assert await publish(connection, second, NOW) == 2
        assert await read_current(connection) == (2, second)
        assert await publish(connection, first, NOW) == 3, "going back is a new version"
    async with engine.connect() as connection:
        assert await read_version(connection, 1) == first
        assert await read_version(connection, 2) == second
        assert await find_version(connection, first) == 3
        assert await find_version(connection, first.model_copy(update={"name": "别的"})) is None
        with pytest.raises(NoSuchPage):
            await read_version(connection, 4)


@pytest.fixture(scope="module")
def demo() -> Policy:
    """The policy of the demonstration."""
    return read_policy(POLICY)


def test_the_demonstration_has_every_group_and_category(demo: Policy) -> None:
    counts = {group.code: 0 for group in demo.groups}
    for category in demo.categories:
        counts[category.group] += 1
        assert category.code.startswith(category.group)
    assert counts == {"01": 10, "02": 8, "03": 10, "04": 9, "05": 9, "06": 4, "07": 6, "08": 4, "99": 1}
    assert check_policy(demo, {d.id for d in read_departments(DEPARTMENTS).departments}, {"leader"}) == ()


def test_every_safety_and_fire_category_of_the_demonstration_takes_evidence(demo: Policy) -> None:
    assert {c.code for c in demo.categories if c.evidence_required} == {
        c.code for c in demo.categories if c.group == "01"
    }


@pytest.mark.parametrize(
    ("category", "host"),
    [
        ("0101", "safety"),
        ("0103", "fire"),
        ("0109", "utilities"),
        ("0201", "labour"),
        ("0302", "environment"),
        ("0402", "property"),
        ("0504", "urban"),
        ("9901", "centre"),
    ],
)
def test_the_demonstration_routes_to_the_expected_departments(demo: Policy, category: str, host: str) -> None:
    assert route(demo, category, ("130172100", "130172100001")).host == host


def test_every_rule_of_the_demonstration_is_reached(demo: Policy) -> None:
    reached = {route(demo, category.code, ("130172100",)).why.rule for category in demo.categories}
    assert reached == {rule.id for rule in demo.routes}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("at_least: 3, within_days: 90, closed_too: true", "at_least: 3, closed_too: true", "没有终点"),
        ("counts: cases, categories: [\"0102\"], hold_days: 30", "counts: cases, closed_too: true", "已结案件也计入"),
        ("counts: overdue_cases, hold_days: 30", "counts: overdue_cases, hold_days: 99999", "等于永远保留"),
        ("counts: overdue_cases, at_least: 3", "counts: overdue_cases, at_least: 0", "总是成立"),
    ],
)  # fmt: skip
def test_a_colour_that_can_never_be_left_is_refused_at_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = POLICY.read_text()
    line = text[: text.index(old)].count("\n") + 1
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadFile) as caught:
        read_policy(path)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert "永远不能恢复" in problem.zh
    assert told in problem.zh
    assert "could never leave" in problem.en
