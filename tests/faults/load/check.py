"""Compares what was acknowledged with what both stores hold, after the system has settled."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database import snapshot_connection
from infra.keys.access import keys_for
from infra.store.cases import read_facts
from models.case import Case
from rules.evolve import fold
from tests.builders import person_id
from tests.faults.load.ledger import Ledger, Sending, Subject
from tests.faults.load.site import Site

#: What each due step is known by: two facts that agree in these are one step fired twice. The third member is when it
#: was planned.
_DUE = {
    "step_fired": ("stage", "whole", "request", "urge", "step", "planned_at"),
    "overdue": ("stage", "due_at"),
    "urge_overdue": ("number", "reply_by"),
    "summons_missed": ("department", "meet_at"),
}
_PLANNED = {"step_fired": "planned_at", "overdue": "due_at", "urge_overdue": "reply_by", "summons_missed": "meet_at"}
#: Seconds after its moment from which a due step counts as late.
LATE = 5.0


@dataclass
class Findings:
    """What is wrong, in lines, and how late due steps were."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    due_steps: int = 0
    late: int = 0
    latest: float = 0.0
    #: 202 was answered, and the rules refused it when it was recorded: a case had changed meanwhile.
    accepted_then_refused: int = 0
    facts: int = 0

    @property
    def all(self) -> list[str]:
        """Everything that is wrong."""
        named = {"lost": self.lost, "doubled": self.doubled, "forged": self.forged, "other": self.other}
        return [f"{name}: {line}" for name, lines in named.items() for line in lines]


class Stored:
    """The facts in the database: by the command that brought them about."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.by_command: dict[UUID, list[Any]] = defaultdict(list)
        self.by_origin: dict[UUID, list[Any]] = defaultdict(list)
        for row in rows:
            self.by_command[row.command_id].append(row)
            self.by_origin[row.origin].append(row)


async def read_stored(connection: AsyncConnection) -> Stored:
    """Return all facts, of cases and of matters."""
    columns = "seq, at, kind, actor, command, command_id, body"
    query = (
        f"SELECT report_id AS origin, true AS of_case, {columns} FROM facts UNION ALL"
        f" SELECT matter_id AS origin, false AS of_case, {columns} FROM matter_facts ORDER BY origin, seq"
    )
    return Stored((await connection.execute(text(query))).all())


async def compare(site: Site, ledger: Ledger) -> Findings:
    """Compare the ledger with the database, files and vault."""
    findings = Findings()
    async with snapshot_connection(site.engine) as connection:
        stored = await read_stored(connection)
        findings.facts = sum(map(len, stored.by_origin.values()))
        for sending in ledger.of(Subject.REPORT, Subject.COMMAND, Subject.MATTER, Subject.DUTY):
            _compare_sending(sending, stored.by_command.get(sending.id, []), findings)
        accounts = set((await connection.execute(text("SELECT account FROM receivers"))).scalars())
        _compare_people(stored, ledger, accounts, findings)
        _compare_steps(stored, findings)
        await _compare_cases(connection, ledger, findings)
        await _compare_readings(connection, ledger, findings)
        await _compare_reporters(connection, site, ledger, stored, findings)
    await _compare_files(site, ledger, findings)
    return findings


def _named(sending: Sending) -> str:
    return f"{sending.subject} {sending.name} {sending.id} of {sending.person} on {sending.target}: {sending.answers}"


def _compare_sending(sending: Sending, facts: list[Any], findings: Findings) -> None:
    """What was acknowledged is there once; what was refused only, is not."""
    if sending.acknowledged and not facts:
        findings.lost.append(_named(sending))
    if sending.only_refused and facts:
        findings.forged.append(f"refused, yet recorded: {_named(sending)}")
    seen_acknowledged = False
    for status in sending.answers:
        seen_acknowledged |= status in (200, 201)
        if seen_acknowledged and 400 <= status < 500:
            findings.other.append(f"acknowledged, then refused: {_named(sending)} {dict(sending.codes)}")
            break
    if not facts:
        return
    first = facts[0].seq
    if len({fact.origin for fact in facts}) > 1 or [fact.seq for fact in facts] != [*range(first, first + len(facts))]:
        findings.doubled.append(f"not in one piece: {_named(sending)}")
    bodies = Counter((fact.kind, json.dumps(fact.body, sort_keys=True)) for fact in facts)
    findings.doubled += [f"{kind} {count} times: {_named(sending)}" for (kind, _), count in bodies.items() if count > 1]
    if sending.revision is not None and sending.subject is not Subject.DUTY and facts[-1].seq > sending.revision:
        findings.other.append(f"acknowledged as of {sending.revision}, recorded as {facts[-1].seq}: {_named(sending)}")


def _compare_people(stored: Stored, ledger: Ledger, accounts: set[UUID], findings: Findings) -> None:
    """Every fact of a person was sent by that person as that command. `accounts`: of receivers, who are no people."""
    for id_, facts in stored.by_command.items():
        for fact in facts:
            if fact.actor is None or fact.actor in accounts:
                continue
            sent = ledger.sendings.get(id_)
            if sent is None:
                if not _comes_from_a_fact(fact):
                    findings.forged.append(
                        f"{fact.kind} by {fact.actor} in {fact.origin}, command {fact.command} {id_}"
                    )
            elif fact.actor != person_id(sent.person):
                findings.forged.append(f"{fact.kind} by {fact.actor}: {_named(sent)}")


def _comes_from_a_fact(fact: Any) -> bool:
    """Whether the fact opens a case that another fact asked for: a part split off, a finding of a duty or station."""
    return bool(fact.command == "report" and (fact.body.get("matter") or fact.body.get("split_from")))


def _compare_steps(stored: Stored, findings: Findings) -> None:
    """Every due step fired once; how late it was."""
    for origin, facts in stored.by_origin.items():
        fired: Counter[tuple[Any, ...]] = Counter()
        for fact in facts:
            if fact.kind not in _DUE:
                continue
            findings.due_steps += 1
            fired[(fact.kind, *(str(fact.body.get(name)) for name in _DUE[fact.kind]))] += 1
            delay = (fact.at - datetime.fromisoformat(fact.body[_PLANNED[fact.kind]])).total_seconds()
            findings.late += delay > LATE
            findings.latest = max(findings.latest, delay)
            if delay < 0:
                findings.other.append(f"{fact.kind} of {origin} fired {-delay:g} s early")
        findings.doubled += [f"{step} of {origin}: {count} times" for step, count in fired.items() if count > 1]


async def _compare_cases(connection: AsyncConnection, ledger: Ledger, findings: Findings) -> None:
    """Every case is the fold of its facts, and somebody reported it."""
    for row in (await connection.execute(text("SELECT report_id, case_no, state FROM cases"))).all():
        facts = await read_facts(connection, row.report_id)
        if fold(facts) != Case.model_validate(row.state):
            findings.other.append(f"{row.case_no} is not the fold of its facts")
        if [fact.body.kind for fact in facts].count("received") != 1:
            findings.doubled.append(f"{row.case_no} was received more than once")


async def _compare_readings(connection: AsyncConnection, ledger: Ledger, findings: Findings) -> None:
    """Every acknowledged reading is stored once, and no other."""
    query = "SELECT m.code, r.metric, r.at FROM readings r JOIN matters m ON m.id = r.station"
    there = Counter((row.code, row.metric, row.at) for row in (await connection.execute(text(query))).all())
    sent, acknowledged = set(), set()
    for sending in ledger.of(Subject.READINGS):
        keys = {(sending.target, one["metric"], datetime.fromisoformat(one["at"])) for one in sending.body["readings"]}
        sent |= keys
        acknowledged |= keys if sending.acknowledged else set()
    findings.lost += [f"reading {key}" for key in acknowledged if key not in there]
    findings.doubled += [f"reading {key}" for key, count in there.items() if count > 1]
    findings.forged += [f"reading {key}" for key in there if key not in sent]


async def _compare_reporters(
    connection: AsyncConnection, site: Site, ledger: Ledger, stored: Stored, findings: Findings
) -> None:
    """Every acknowledged reporter is in the table and in the vault."""
    rows = {row[0] for row in await connection.execute(text("SELECT id FROM reporters WHERE ciphertext IS NOT NULL"))}
    vault = keys_for(site.settings).vault
    for sending in ledger.of(Subject.REPORT):
        if not sending.acknowledged or "reporter" not in sending.body:
            continue
        named = [
            fact.body.get("reporter_ref") for fact in stored.by_command.get(sending.id, []) if fact.kind == "received"
        ]
        for id_ in named:
            if id_ is None or UUID(str(id_)) not in rows:
                findings.lost.append(f"reporter of {_named(sending)}")
            elif not await vault.has(UUID(str(id_))):
                findings.lost.append(f"key in the vault for {_named(sending)}")


async def _compare_files(site: Site, ledger: Ledger, findings: Findings) -> None:
    """Every acknowledged file is read back whole by whoever uploaded it."""
    async with httpx.AsyncClient(base_url=f"{site.urls[0]}/api/v1", timeout=30, trust_env=False) as http:
        for sha, username in ledger.files.items():
            answer = await http.get(f"/attachments/{sha}", headers=site.headers(username))
            if answer.status_code != 200 or hashlib.sha256(answer.content).hexdigest() != sha:
                findings.lost.append(f"file {sha} of {username}: {answer.status_code}")
