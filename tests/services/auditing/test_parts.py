"""An audit of a part: what went on, what is late, what was found before, and slice after slice of all cases."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from activities.auditing import part as parts
from activities.auditing.auditor import Auditor
from activities.auditing.part import Part, next_part
from models.jobs.audit import AuditSummary, Drift, Finding
from tests.services.auditing.test_auditing import change_by_hand, kinds, terminate, town
from tests.services.auditing.test_mending import run_audit
from tests.town import Town

__all__ = ["town"]
pytestmark = pytest.mark.timeout(120)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def summary(**more: object) -> AuditSummary:
    known = {"at": datetime.now(UTC), "seconds": 1, "cases": 1, "workflows": 1, "looked_into": 1, "counts": {}}
    return AuditSummary.model_validate({**known, "findings": (), **more})


def a_part(**more: object) -> Part:
    return Part(**{"since": datetime.now(UTC), "subjects": (), "after": None, "size": 0, **more})  # type: ignore[arg-type]


def auditor(town: Town) -> Auditor:
    resources = town.resources
    queue = resources.settings.case_queue
    return Auditor(resources.engine, resources.temporal, queue, tolerance=timedelta(), grace=timedelta())


def test_few_cases_are_all_looked_at_and_many_in_at_most_so_many_slices() -> None:
    assert next_part(parts.WHOLE_UP_TO, summary()) is None
    assert next_part(10 * parts.WHOLE_UP_TO, None) is None, "the first audit is a whole one"
    known = UUID(int=7)
    found = Finding(kind=Drift.OWNER_GONE, report_id=known, zh="", en="")
    last = summary(findings=(found,), slice_end=UUID(int=9))
    chosen = next_part(1_000_000, last)
    assert chosen == Part(since=last.at - parts.OVERLAP, subjects=(known,), after=UUID(int=9), size=27_778)
    assert chosen.size * parts.SLICES >= 1_000_000


async def test_a_part_finds_what_went_on_what_is_late_and_what_was_found_before(town: Town) -> None:
    changed, late, known, other = [await town.report(title=title) for title in ("甲", "乙", "丙", "丁")]
    cases = {no: await terminate(town, no) for no in (changed, late, known, other)}
    moment = datetime.now(UTC)
    await change_by_hand(town, "UPDATE cases SET wake_at = now() - interval '1 hour' WHERE case_no = :no", no=late)
    nothing = await auditor(town).audit(part=a_part(since=moment))
    assert kinds(nothing).get("workflow_missing") == [late]
    both = await auditor(town).audit(part=a_part(since=moment, subjects=(cases[known].report_id,)))
    assert set(kinds(both)["workflow_missing"]) == {late, known}
    assert not both.whole
    recent = await auditor(town).audit(part=a_part(since=LONG_AGO))
    assert set(kinds(recent)["workflow_missing"]) == {changed, late, known, other}


async def test_slices_come_to_every_case_and_begin_again(town: Town) -> None:
    numbers = [await town.report(title=title) for title in ("甲", "乙", "丙")]
    gone = {(await terminate(town, no)).case_no for no in numbers}
    found: list[str | None] = []
    after, moment = None, datetime.now(UTC)
    for _ in range(2):
        report = await auditor(town).audit(part=a_part(since=moment, after=after, size=2))
        found += kinds(report)["workflow_missing"]
        after = report.slice_end
    assert after is None, "the round is over"
    assert sorted(map(str, found)) == sorted(gone)


async def test_an_archived_case_whose_workflow_runs_is_found_by_what_went_on(town: Town) -> None:
    no = await town.report()
    await change_by_hand(town, "UPDATE cases SET archived_at = now(), closed_at = now() WHERE case_no = :no", no=no)
    report = await auditor(town).audit(part=a_part(since=LONG_AGO))
    assert kinds(report) == {"outlived": [no]}


async def test_the_scheduled_audit_goes_on_where_the_last_one_ended(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "WHOLE_UP_TO", 1)
    monkeypatch.setattr(parts, "SMALLEST_SLICE", 2)
    monkeypatch.setattr(parts, "SLICES", 2)
    numbers = [await town.report(title=title) for title in ("甲", "乙", "丙")]
    ids = sorted([(await town.case(no)).report_id for no in numbers], key=str)
    audits = [await run_audit(town) for _ in range(3)]
    assert [one.whole for one in audits] == [True, False, False]
    assert [one.slice_end for one in audits] == [None, ids[1], None]
    assert [one.findings for one in audits] == [(), (), ()]
