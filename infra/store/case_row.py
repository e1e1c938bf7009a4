"""The columns of the table `cases`, derived from the case: what lists filter and sort by, and what figures count."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from infra.store.search_words import answer_words, case_numbers, case_words
from models.case import Case, Clock
from models.enums import Stage
from models.facts import Fact, Received
from rules.escalation.wake_ups import next_wake_up


def case_columns(case: Case) -> dict[str, Any]:
    """Return the columns that are derived from the case, by name. Each fact writes all of them."""
    running = [clock for clock in (case.clock, case.whole) if clock is not None and clock.ended_at is None]
    plans = [clock.plan for clock in running if clock.plan is not None]
    return {
        "seq": case.seq,
        "report_id": case.report_id,
        "state": case,
        "stage": case.stage,
        "round": case.round,
        "outcome": case.outcome,
        "category": case.category,
        "severity": case.severity,
        "grid": case.grid,
        "grid_path": ".".join(case.grid_path),
        "level": int(case.level),
        "owner_kind": case.owner.kind if case.owner else None,
        "owner_id": case.owner.id if case.owner else None,
        "host": case.host,
        "departments": case.departments,
        "enterprise": case.enterprise,
        "recused": list(case.recused),
        "reported_by": case.reported_by,
        "reporter_ref": case.reporter_ref,
        "received_at": case.received_at,
        "updated_at": case.updated_at,
        "due_at": case.due_at,
        "yellow_at": min((plan.yellow_at for plan in plans if plan.yellow_at), default=None),
        "red_at": min((plan.red_at for plan in plans if plan.red_at), default=None),
        "overdue_at": min((clock.overdue_at for clock in running if clock.overdue_at), default=None),
        "wake_at": next_wake_up(case),
        "closed_at": case.closed_at,
        "archived_at": case.archived_at,
        **_statistics_columns(case),
    }


#: Columns that a later fact may change.
MUTABLE_COLUMNS = (
    "seq", "state", "stage", "round", "outcome", "category", "severity", "grid", "grid_path", "level", "owner_kind",
    "owner_id", "host", "departments", "enterprise", "reported_by", "received_at", "updated_at", "due_at", "yellow_at",
    "red_at", "overdue_at", "wake_at", "closed_at", "archived_at", "condition", "policy_version", "provisional",
    "whole_due_at", "accepted_at", "dispatched_at", "handle_due_at", "handled_at", "close_due_at", "late_stages",
    "failed_reviews", "returns", "extended", "exempt", "consultation_at", "recused",
)  # fmt: skip


def _statistics_columns(case: Case) -> dict[str, Any]:
    """Return the columns that figures count.

    `late_stages` names the stages whose deadline passed; "whole" is the deadline of the whole case.
    """
    clocks = (*case.past_clocks, case.clock) if case.clock else case.past_clocks
    handling = [clock for clock in clocks if clock.stage is Stage.HANDLE]
    late = [clock.stage or "whole" for clock in case.all_clocks if clock.was_late]
    plan = case.clock.plan if case.clock else None
    return {
        "condition": case.condition,
        "policy_version": case.policy_version,
        "provisional": plan is not None and plan.provisional,
        "whole_due_at": case.whole.due_at if case.whole else None,
        "accepted_at": case.accepted_at,
        "dispatched_at": handling[0].intervals[0].start if handling else None,
        "handle_due_at": handling[-1].due_at if handling else None,
        "handled_at": case.completed_at,
        "close_due_at": _close_due_at(case, clocks),
        "late_stages": list(dict.fromkeys(late)),
        "failed_reviews": case.failed_reviews,
        "returns": case.returns,
        "extended": any(clock.extended for clock in clocks),
        "exempt": case.exempt,
        "consultation_at": case.consultation_at,
    }


def _close_due_at(case: Case, clocks: tuple[Clock, ...]) -> datetime | None:
    """Return when the case should be closed: the deadline of the whole case, else the latest of handling and review."""
    if case.whole is not None:
        return case.whole.due_at
    deadlines = [clock.due_at for clock in clocks if clock.stage in (Stage.HANDLE, Stage.REVIEW) and clock.due_at]
    return max(deadlines, default=None)


def words_columns(facts: Sequence[Fact]) -> dict[str, Any]:
    """Return the columns of the table `case_words` of a case with these facts, the first among them, by name."""
    body = facts[0].body
    assert isinstance(body, Received)
    words, numbers = answer_words(facts)
    return {
        "report_id": body.report_id,
        "case_no": body.case_no,
        "words": f"{case_words(body)} {words}".rstrip(),
        "numbers": sorted({*case_numbers(body), *numbers}),
    }


def report_columns(body: Received) -> dict[str, Any]:
    """Return the columns that the report fills and no later fact changes."""
    return {
        "case_no": body.case_no,
        "description": body.description,
        "title": body.title,
        "source": body.source,
        "lat": body.location.lat if body.location else None,
        "lon": body.location.lon if body.location else None,
        "anonymous": body.anonymous,
        "external_system": body.external.system if body.external else None,
        "external_number": body.external.number if body.external else None,
        "content_hash": body.content_hash,
        "occurred_at": body.occurred_at,
        "reported_at": body.reported_at,
    }
