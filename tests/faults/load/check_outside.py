"""Compares what the far sides hold with what the system says of its sends and hand-overs, after it has settled."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.ids import derived_id
from tests.builders import PARK
from tests.faults.load.check import Findings, Stored
from tests.faults.load.outside import HOOK_ID, HOOKED, Department, Inbox, Outside

_WAITING = text("""
    SELECT (SELECT count(*) FROM mail_intake), (SELECT count(*) FROM mail_items WHERE state IN ('new', 'waiting')),
        (SELECT count(*) FROM mail_messages WHERE started_at IS NULL),
        (SELECT count(*) FROM sends WHERE status = 'waiting'),
        (SELECT count(*) FROM handovers WHERE status IN ('waiting', 'sending', 'uncertain', 'refused')
            OR departed_at IS NOT NULL AND status NOT IN ('answered', 'ended'))
""")
_HANDOVERS = text("SELECT id, department, status, far_id, tries, told_at, departed_at, report_id FROM handovers")
#: Cases that lie with a department that has a system, without a hand-over that stands for it.
_NOT_HANDED_OVER = text("""
    SELECT c.case_no, c.host FROM cases c JOIN receivers r ON r.department = c.host AND r.enabled
    WHERE c.stage = 'handle' AND NOT EXISTS (SELECT 1 FROM handovers h WHERE h.report_id = c.report_id
        AND h.receiver = r.code AND h.departed_at IS NULL)
""")


async def count_outgoing(connection: AsyncConnection) -> dict[str, int]:
    """How much is on its way to the outside: nothing must stay so."""
    row = (await connection.execute(_WAITING)).one()
    names = ("mail not given out", "mail not decided", "messages not begun", "sends", "hand-overs")
    return {name: count for name, count in zip(names, row, strict=True) if count}


async def compare_outside(
    connection: AsyncConnection, outside: Outside, stored: Stored, findings: Findings
) -> Counter[str]:
    """Compare; return how sends and hand-overs ended."""
    sends = {row.key: row for row in (await connection.execute(text("SELECT * FROM sends"))).all()}
    _compare_events(stored, sends, findings)
    messages = {f"mail:{id_}" for id_ in (await connection.execute(text("SELECT id FROM mail_messages"))).scalars()}
    findings.lost += [f"message without a send: {key}" for key in messages - sends.keys()]
    for key, send in sends.items():
        is_event = key.startswith("event:")
        _compare_send(send, outside.hook if is_event else outside.gateway, not is_event, findings)
    for inbox in (outside.hook, outside.gateway):
        findings.forged += [f"{key} came, and no send has it" for key in inbox.stored.keys() - sends.keys()]
    ends = Counter(f"{key.partition(':')[0]} {send.status}" for key, send in sends.items())
    handovers = (await connection.execute(_HANDOVERS)).all()
    for row in handovers:
        _compare_handover(row, outside.departments[row.department], findings)
    ends += Counter(f"handover {row.status}" for row in handovers)
    for row in (await connection.execute(_NOT_HANDED_OVER)).all():
        findings.lost.append(f"{row.case_no} is with {row.host} and was not handed over")
    known = {str(row.id) for row in handovers}
    for one in outside.departments.values():
        findings.forged += [f"unknown {record['key']}" for record in one.system.records if record["key"] not in known]
    await _compare_answers(connection, outside, stored, findings)
    return ends


def _compare_events(stored: Stored, sends: dict[str, Any], findings: Findings) -> None:
    """Every fact that the web hook is told of has its send, and no other: those of cases that were in its park then."""
    expected = set()
    for origin, facts in stored.by_origin.items():
        path: list[str] = []
        for fact in facts:
            path = fact.body.get("grid_path", path) if fact.kind in ("received", "relocated") else path
            if fact.kind in HOOKED and fact.of_case and PARK in path:
                cause = f"hook {HOOK_ID} {fact.seq}"
                expected.add(f"event:{derived_id('case', origin, 'effect', cause, 0)}")
    found = {key for key in sends if key.startswith("event:")}
    findings.lost += [f"event that was not sent: {key}" for key in expected - found]
    findings.forged += [f"event of no fact: {key}" for key in found - expected]


def _compare_send(send: Any, inbox: Inbox, single: bool, findings: Findings) -> None:
    """One receipt, and the far side has it as it says; where a second one would do harm, there is none."""
    came = inbox.stored.get(send.key, [])
    if send.status == "delivered" and not came:
        findings.forged.append(f"{send.key} is said to be delivered, and never came")
    if send.status == "failed" and came and single:
        findings.other.append(f"{send.key} is said to have failed, and came")
    if single and len(came) > 1:
        findings.doubled.append(f"{send.key} came {len(came)} times")
    if len(set(came)) > 1:
        findings.doubled.append(f"{send.key} came with different contents")


def _compare_handover(row: Any, department: Department, findings: Findings) -> None:
    """The far side has it once, or somebody is told that nobody knows."""
    records = [one for one in department.system.records if one["key"] == str(row.id)]
    named = f"hand-over {row.id} to {row.department}, {row.status}"
    if len(records) > 1:
        findings.doubled.append(f"{named}: {len(records)} records")
    if not records and row.status in ("sent", "answered"):
        findings.lost.append(f"{named}: the far side has nothing")
    if row.told_at is not None and str(row.id) not in department.system.cancelled:
        findings.lost.append(f"{named}: it was not told that the case has left")
    numbers = {str(one["number"]) for one in records}
    if row.far_id is not None and row.far_id not in numbers:
        findings.forged.append(f"{named}: the number {row.far_id} is not the far side's")


async def _compare_answers(
    connection: AsyncConnection, outside: Outside, stored: Stored, findings: Findings
) -> None:  # fmt: skip
    """Every answer counts once, as its receipt says; what receivers did, they said."""
    query = text("SELECT handover, answer_id, recorded_as FROM handover_answers")
    kept = {(row.handover, row.answer_id): row.recorded_as for row in (await connection.execute(query)).all()}
    said = {one.command: one for one in outside.given}
    for one in outside.given:
        name = f"answer {one.answer_id} ({one.kind}) to {one.handover}: {one.answers}"
        if one.recorded_as is None:
            continue
        if kept.get((one.handover, one.answer_id)) != one.recorded_as:
            findings.lost.append(f"{name}: {one.recorded_as} told, {kept.get((one.handover, one.answer_id))} stored")
        facts = Counter(fact.kind for fact in stored.by_command.get(one.command, ()))
        if bool(facts) != (one.recorded_as in ("fact", "note")):
            findings.lost.append(f"{name}: told {one.recorded_as}, and there are {dict(facts)}")
        findings.doubled += [f"{name}: {kind} {count} times" for kind, count in facts.items() if count > 1]
    accounts: set[UUID] = set((await connection.execute(text("SELECT account FROM receivers"))).scalars())
    for id_, rows in stored.by_command.items():
        if any(fact.actor in accounts for fact in rows) and id_ not in said:
            findings.forged.append(f"a receiver did what it did not say: {rows[0].kind} {id_}")
