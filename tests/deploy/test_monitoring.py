"""Alerts and the dashboard: Prometheus takes them, each alert is set off in a test, and every metric is really told."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import tools
from tests.deploy.sample import DEPLOY
from tests.deploy.scrape import told_series
from tests.servers import Servers
from tests.ui.site import Site

FOLDER = DEPLOY / "prometheus"
RULES = [
    rule for group in yaml.safe_load((FOLDER / "rules.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
DASHBOARD = json.loads((DEPLOY / "grafana" / "gridloop.json").read_text("utf-8"))
#: What Prometheus makes itself.
ITS_OWN = {"up"}
#: Labels that Prometheus adds to what it reads.
ADDED = {"job", "instance"}
NAME = re.compile(r"\b(?:gridloop|temporal|process)_[a-z_]+\b(?!\")")


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tools.need("promtool"), *words], cwd=FOLDER, capture_output=True, text=True, check=False)


def test_prometheus_takes_the_files() -> None:
    for words in (("check", "rules", "rules.yml"), ("check", "config", "--syntax-only", "prometheus.yml")):
        said = promtool(*words)
        assert said.returncode == 0, said.stdout + said.stderr


def test_alerts_are_set_off_by_what_they_are_for() -> None:
    said = promtool("test", "rules", "rules_test.yml")
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_alert_is_set_off_once() -> None:
    tests = yaml.safe_load((FOLDER / "rules_test.yml").read_text("utf-8"))["tests"]
    set_off = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one["exp_alerts"]}
    assert {rule["alert"] for rule in RULES} == set_off


def test_alerts_say_how_urgent_they_are_in_both_languages() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert re.search("[\u4e00-\u9fff].* · [a-zA-Z0-9]", rule["annotations"]["summary"])


@pytest.fixture(scope="module")
def told(servers: Servers, site: Site) -> dict[str, set[str]]:
    """Every series that a running system tells, with its labels."""
    site.report()
    return told_series(servers, site)


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def test_every_metric_is_told(told: dict[str, set[str]]) -> None:
    asked = {name for _, expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 20
    assert asked - set(told) == set()


def test_every_label_is_told(told: dict[str, set[str]]) -> None:
    for where, expression in expressions():
        names = set(NAME.findall(expression))
        known = set().union(*(told[name] for name in names)) if names else set()
        used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\"", expression))
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            used |= {one.strip() for one in grouped.split(",")}
        assert used <= known | ADDED, where


def test_routes_and_codes_in_alerts_are_ours(site: Site) -> None:
    paths = set(site.harness.app.openapi()["paths"]) | {"/live"}
    for where, expression in expressions():
        for routes in re.findall(r"route[=!~]+\"([^\"]*)\"", expression):
            for route in routes.split("|"):
                assert any(path.startswith(route[:-2]) if route.endswith(".*") else path == route for path in paths), (
                    where
                )


def test_the_dashboard_is_whole(tmp_path: Path) -> None:
    panels: list[dict[str, Any]] = DASHBOARD["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for one in panels:
        at = one["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, one["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    rules = {"groups": [{"name": "panels", "rules": [
        {"record": "a:panel", "expr": target["expr"], "labels": {"n": str(n)}}
        for n, target in enumerate(target for one in panels for target in one.get("targets", []))
    ]}]}  # fmt: skip
    (tmp_path / "panels.yml").write_text(json.dumps(rules))
    said = promtool("check", "rules", str(tmp_path / "panels.yml"))
    assert said.returncode == 0, said.stdout + said.stderr
