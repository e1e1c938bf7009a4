"""`GET /org/lint`: for admins and auditors everywhere, for supervisors in their units; `/metrics` tells of audits."""

from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.store.audits import insert_audit
from models.jobs.audit import AuditSummary, Drift, Finding
from tests.api.conftest import SignedIn
from tests.builders import GRID, OTHER_PARK

LINT = "/api/v1/org/lint"


async def test_findings_are_shown_within_the_scope(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for username in ("admin", "auditor"):
        answer = await client.get(LINT, headers=signed_in(username))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["errors"], body["warnings"]) == (0, len(body["findings"]))
        assert {GRID, OTHER_PARK} <= {finding["where"] for finding in body["findings"]}
    body = (await client.get(LINT, headers=signed_in("supervisor"))).json()
    assert {finding["where"] for finding in body["findings"]} == {GRID}
    (finding,) = body["findings"]
    assert (finding["fault"], finding["gravity"], finding["count"]) == ("micro_grid_without_volunteer", "warning", 1)
    assert finding["zh"] != finding["en"]


async def test_others_are_refused(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for username in ("worker", "duty", "fire_head", "reporter", "keeper"):
        answer = await client.get(LINT, headers=signed_in(username))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours"), username
    assert (await client.get(LINT)).status_code == 401


async def test_the_metrics_show_findings_and_age_of_the_latest_audit(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    before = AuditSummary(
        at=datetime.now(UTC) - timedelta(minutes=5), seconds=60, cases=9, workflows=8, looked_into=9,
        counts={"workflow_missing": 1, "row_missing": 0}, findings=(),
        mended=(Finding(kind=Drift.WORKFLOW_BEHIND, zh="落后", en="behind"),),
    )  # fmt: skip
    async with engine.begin() as connection:
        await insert_audit(connection, before)
        await insert_audit(connection, before.model_copy(update={"at": before.at - timedelta(days=1), "counts": {}}))
    page = (await client.get("/metrics")).text.splitlines()
    assert 'gridloop_audit_findings{kind="workflow_missing"} 1.0' in page
    assert 'gridloop_audit_mended{kind="workflow_behind"} 1.0' in page
    (age,) = (line.split()[1] for line in page if line.startswith("gridloop_audit_age_seconds "))
    assert 239 < float(age) < 300, "four minutes since it ended"
