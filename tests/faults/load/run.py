"""One run: people work while faults happen, everything is healed, the system settles, and the stores are compared."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from temporalio.client import Client, ScheduleHandle, ScheduleOverlapPolicy, WorkflowUpdateFailedError

from infra.database import snapshot_connection
from models.facts import Actor
from models.ids import workflow_id
from models.messages import Act
from services.commands.send import read_command
from tests.builders import person_id
from tests.faults.load.check import Findings, compare, read_stored
from tests.faults.load.check_outside import compare_outside, count_outgoing
from tests.faults.load.faults import NEAR, Kind, draw_faults
from tests.faults.load.injector import Injector
from tests.faults.load.ledger import Ledger, Sending, Subject
from tests.faults.load.outside import Outside
from tests.faults.load.people import People
from tests.faults.load.site import Site, running_site

#: Seconds that the system may take to settle after the last fault: restarts are delayed by up to 30 s each.
SETTLING = 180.0
#: Seconds until the audit has mended what it finds: its tolerance, and its heartbeat where its worker was killed.
HEALING = 420.0
#: How many findings the audits have mended by themselves.
_MENDED = text("SELECT coalesce(sum(jsonb_array_length(summary -> 'mended')), 0) FROM audits")


@dataclass
class Report:
    """What came of a run. `skipped`: kinds of faults that this machine does not allow, with the reason."""

    seed: int
    seconds: float
    ledger: Ledger
    findings: Findings
    faults: Counter[str] = field(default_factory=Counter)
    skipped: dict[Kind, str] = field(default_factory=dict)
    #: How sends and hand-overs ended, what far sides did, and which workflows were ended on purpose.
    outgoing: Counter[str] = field(default_factory=Counter)
    far_sides: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)
    settled_after: float = 0.0
    reconcile: str = ""
    verify: str = ""

    def lines(self) -> list[str]:
        """The report for people."""
        counts, findings = self.ledger.counts(), self.findings
        kinds = Counter(name.partition(" ")[0] for name in self.faults.elements())
        codes = sum((one.codes for one in self.ledger.sendings.values()), Counter[str]())
        return [
            f"seed {self.seed}, {self.seconds:g} s",
            f"requests: {self.ledger.requests.total()} {dict(self.ledger.requests.most_common())}",
            *(f"{name}: {dict(ends)}" for name, ends in counts.items()),
            f"answered 202: {sum(one.accepted for one in self.ledger.sendings.values())}, "
            f"of which refused when recorded: {findings.accepted_then_refused}",
            f"given up by their senders: {sum(one.abandoned for one in self.ledger.sendings.values())}",
            f"refusals and errors by code: {dict(codes.most_common())}",
            f"faults: {self.faults.total()} {dict(kinds)}",
            f"        {dict(self.faults.most_common())}",
            *(f"faults left out: {kind}: {why}" for kind, why in self.skipped.items()),
            f"outgoing: {dict(sorted(self.outgoing.items()))}; far sides: {dict(self.far_sides.most_common())}",
            f"workflows ended on purpose: {self.ended}",
            f"facts: {findings.facts}, files: {len(self.ledger.files)}",
            f"lost {len(findings.lost)}, doubled {len(findings.doubled)}, forged {len(findings.forged)}, "
            f"other {len(findings.other)}, faulty answers {len(self.ledger.faulty)}",
            f"due steps: {findings.due_steps}, more than 5 s late: {findings.late}, the latest {findings.latest:.1f} s",
            f"settled {self.settled_after:.1f} s after the last fault; {self.reconcile}; {self.verify}",
        ]

    @property
    def faulty(self) -> list[str]:
        """Everything that must not be."""
        return self.findings.all + [f"answer: {line}" for line in self.ledger.faulty]


async def run_load(
    seed: int, seconds: float, log: Path, *, people: int = 10, disk: int = 2048, say: Callable[[str], None] = print
) -> Report:
    """Run the load for that long and return the report. `log`: where the faults are written as they happen."""
    async with running_site(disk) as site:
        skipped = _skipped(site)
        faults = draw_faults(seed, seconds, frozenset(skipped))
        ledger = Ledger()
        crowd, injector = People(site, ledger, seed), Injector(site, log, disk, seed)
        outside = Outside(site, ledger, seed)
        try:
            await outside.start()
            await crowd.prepare()
            await crowd.plan(8, min(seconds / 2, 600) + 20)
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(injector.run(faults, began))
                for place in range(people):
                    group.create_task(crowd.work(place, began + seconds))
                group.create_task(crowd.hand_over(began + seconds))
                group.create_task(outside.work(began + seconds))
                group.create_task(outside.end_workflows(began + seconds))
                group.create_task(_tell(ledger, injector, began, seconds, say))
            report = Report(seed, seconds, ledger, Findings(), injector.done, skipped)
            await settle(site, crowd, outside, report)
        finally:
            await crowd.close()
            await outside.close()
        if report.faulty:
            site.keep_logs(log.with_suffix(".logs"))
        return report


def _skipped(site: Site) -> dict[Kind, str]:
    skipped = {}
    if not site.disk:
        skipped[Kind.FILL_DISK] = "this process may not mount a disk of its own"
    if site.skew_library is None:
        skipped[Kind.SKEW] = "there is no C compiler for the library that gives a process a wrong clock"
    return skipped


async def _tell(ledger: Ledger, injector: Injector, began: float, seconds: float, say: Callable[[str], None]) -> None:
    """A line each minute."""
    minute = 1
    while minute * 60 < seconds:
        await asyncio.sleep(max(0.0, began + minute * 60 - time.monotonic()))
        ends = ledger.counts().get("all", Counter())
        say(
            f"minute {minute}: {ledger.requests.total()} requests, {dict(ends)}, {injector.done.total()} faults, "
            f"{len(ledger.faulty)} faulty answers"
        )
        minute += 1


async def settle(site: Site, crowd: People, outside: Outside, report: Report) -> None:
    """Wait until everything runs and nothing waits, learn every outcome, and compare."""
    began = time.monotonic()
    outside.be_calm()
    assert site.up.poll() is None, f"up ended:\n{site.said}"
    await site.until(lambda: all(site.process(name) for name in (*NEAR, *site.far)), "all run", SETTLING)
    for url in site.urls:
        await site.until_ready(url, SETTLING)
    await site.engine.dispose()
    await until_quiet(site, began + SETTLING)
    report.findings.accepted_then_refused = await settle_accepted(site, report.ledger, began + SETTLING / 3)
    await learn_outcomes(crowd, report.ledger, began + SETTLING)
    await outside.learn_outcomes(began + SETTLING)
    await until_quiet(site, began + SETTLING)
    await until_nothing_leaves(site, outside, time.monotonic() + HEALING)
    refused = report.findings.accepted_then_refused
    report.reconcile = await _until_clean(site, time.monotonic() + HEALING)
    report.settled_after = time.monotonic() - began
    report.findings = await compare(site, report.ledger)
    async with snapshot_connection(site.engine) as connection:
        stored = await read_stored(connection)
        report.outgoing = await compare_outside(connection, outside, stored, report.findings)
    report.ended = outside.ended
    for one in (outside.hook, outside.gateway, *outside.departments.values()):
        report.far_sides += one.did
    report.findings.accepted_then_refused = refused
    code, said, complained = await site.command("verify", "--json")
    report.verify = "verify clean" if code == 0 else f"verify: {said} {complained}"
    if code != 0:
        report.findings.other.append(report.verify)
    if "Traceback" in site.said:
        report.findings.other.append(f"up has failed:\n{site.said}")
    assert site.up.poll() is None, f"up ended:\n{site.said}"


async def until_quiet(site: Site, deadline: float) -> None:
    """Wait until no effect and no errand waits."""
    waiting = text(
        "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM cases, jsonb_array_elements(state -> 'errands') e"
        " WHERE e ->> 'refused' IS NULL)"
    )
    while True:
        async with site.engine.connect() as connection:
            count = await connection.scalar(waiting)
        if not count:
            return
        assert time.monotonic() < deadline, f"{count} effects and errands are still waiting"
        await asyncio.sleep(0.3)


async def until_nothing_leaves(site: Site, outside: Outside, deadline: float) -> None:
    """Wait until every message is told, every send has its receipt, and every hand-over is with its receiver or over.

    The audit begins those again whose workflow is missing; its schedule is triggered here instead of waited for. What
    nobody can know but a person is settled as people do.
    """
    audits = await _audits(site)
    while True:
        async with site.engine.connect() as connection:
            under_way = await count_outgoing(connection)
        if not under_way:
            return
        assert time.monotonic() < deadline, f"still under way: {under_way}"
        await outside.settle_list()
        await audits.trigger(overlap=ScheduleOverlapPolicy.SKIP)
        await asyncio.sleep(2)


async def _audits(site: Site) -> ScheduleHandle:
    return (await site.temporal()).get_schedule_handle(f"audit-{site.environment['GRIDLOOP_CASE_QUEUE']}")


async def settle_accepted(site: Site, ledger: Ledger, deadline: float) -> int:
    """Wait until everything that was accepted (202) is recorded, before anything is sent again. Return how many of them
    the rules refused in the end, which they may: the sender learns it when it asks."""
    pending = [one for one in ledger.of(Subject.REPORT, Subject.COMMAND) if one.accepted and not one.acknowledged]
    refused = 0
    while pending and time.monotonic() < deadline:
        async with site.engine.connect() as connection:
            stored = await read_stored(connection)
        pending = [one for one in pending if one.id not in stored.by_command]
        await asyncio.sleep(0.5)
    client = await site.temporal() if pending else None
    for one in pending:
        if client is not None and one.subject is Subject.COMMAND and await _was_refused(client, one):
            refused += 1
        else:
            ledger.faulty.append(f"accepted and never recorded: {one.name} {one.id} on {one.target}: {one.answers}")
    return refused


async def _was_refused(client: Client, sending: Sending) -> bool:
    """Whether the workflow of the case has refused the command that it had accepted: it says so when asked."""
    handle = client.get_workflow_handle(workflow_id(UUID(sending.target)))
    command = read_command(sending.name, sending.body)
    given = Act(id=sending.id, actor=Actor(person=person_id(sending.person)), if_revision=None, command=command)
    try:
        await handle.get_update_handle(given.update_id).result(rpc_timeout=timedelta(seconds=20))
    except WorkflowUpdateFailedError:
        return True
    return False


async def learn_outcomes(crowd: People, ledger: Ledger, deadline: float) -> None:
    """Send again whatever has no outcome, as a phone's outbox does; those whose senders have ended stay open."""
    while still := [one for one in ledger.sendings.values() if one.open and not one.abandoned]:
        for one in still:
            assert time.monotonic() < deadline, f"no outcome: {[(one.name, one.answers, one.codes) for one in still]}"
            await crowd.send_once(one)


async def _until_clean(site: Site, deadline: float) -> str:
    """Wait until `reconcile` finds nothing: what is due is carried out, and both stores agree.

    A step whose worker was killed before it reported, and whose sender gave up, leaves its workflow a fact behind. The
    scheduled audit lets it catch up once it is old enough; its schedule is triggered here instead of waited for.
    """
    audits = await _audits(site)
    while True:
        code, said, complained = await site.command("reconcile", "--json")
        if code == 0:
            async with site.engine.connect() as connection:
                mended = await connection.scalar(_MENDED)
            return f"reconcile clean ({json.loads(said)['cases']} cases; the audits mended {mended})"
        assert time.monotonic() < deadline, f"reconcile: {said} {complained}"
        await audits.trigger(overlap=ScheduleOverlapPolicy.SKIP)
        await asyncio.sleep(5)
