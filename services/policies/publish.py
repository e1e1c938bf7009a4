"""Publish a policy: check it, rehearse it, store it as an immutable version, and bring it to every open case."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from infra.database import Acting, transaction
from infra.store.policies import NoPolicy, version_in_force
from models.errors import CalendarsMissing, PublishedIntoThePast
from models.messages import Rollout
from models.policy.document import Policy
from models.wire_names import ROLLOUT_WORKFLOW, heavy_queue
from rules.simulation.rehearsal import Finding, rehearse
from services.files.reference_files import BadFile, FileProblem, OutOfOrder
from services.organisation.people_store import held_posts, known_departments, known_usernames
from services.policies.files import read_and_check
from services.policies.versions import publish

#: How far in the past an effective date may lie and still count as now (our choice).
NOW_TOLERANCE = timedelta(minutes=1)
#: The most findings reported: the time zones and the kinds of faults are many.
MAX_FINDINGS = 20


@dataclass(frozen=True)
class Published:
    """A published version, the one before it, and when it takes effect. The same content makes no new version."""

    version: int
    before: int
    effective_from: datetime

    @property
    def is_new(self) -> bool:
        """Whether a version was made."""
        return self.version != self.before


async def publish_file(
    engine: AsyncEngine,
    path: Path,
    *,
    effective_from: datetime | None = None,
    rehearsing: Callable[[], None] = lambda: None,
    acting: Acting | None = None,
) -> Published:
    """Publish the policy in `path`, in force from `effective_from` on (None: from now). It is published whole or not at
    all.

    `rehearsing` is called when the rehearsal begins, which takes some seconds. `acting`: who publishes.
    Raises BadFile with every problem at its line, PublishedIntoThePast, or CalendarsMissing.
    """
    now = datetime.now(UTC)
    if effective_from is not None and effective_from < now - NOW_TOLERANCE:
        raise PublishedIntoThePast(moment=effective_from.isoformat())
    async with transaction(engine, acting) as connection:
        departments = await known_departments(connection)
        people = await known_usernames(connection, active=True)
        if not people:
            raise OutOfOrder(
                "还没有部门与人员,未发布任何内容;请先执行 gridloop people load departments.yaml people.yaml",
                "there are no departments and people yet, and nothing was published: run gridloop people load"
                " departments.yaml people.yaml first",
            )
        policy = read_and_check(path, departments, people, await held_posts(connection))
        await _require_calendars(connection, policy)
        rehearsing()
        check_rehearsal(policy, str(path))
        before = await connection.scalar(text("SELECT max(version) FROM policies")) or 0
        version = await publish(connection, policy, now, effective_from)
    return Published(version, before, effective_from or now)


def check_rehearsal(policy: Policy, file: str) -> None:
    """Rehearse a year under `policy` in seconds. Raises BadFile with the problems that a case would meet."""
    findings = list(rehearse(policy))[:MAX_FINDINGS]
    if findings:
        raise BadFile([_problem(file, finding) for finding in findings])


def _problem(file: str, finding: Finding) -> FileProblem:
    where = f"{finding.category}/{finding.condition}, {finding.start:%Y-%m-%d %H:%M}"
    return FileProblem(file, 1, f"{where}:{finding.zh}", f"{where}: {finding.en}")


async def _require_calendars(connection: AsyncConnection, policy: Policy) -> None:
    """Raise CalendarsMissing when open cases are counted by a calendar that `policy` drops."""
    used = (
        await connection.execute(
            text(
                "SELECT DISTINCT coalesce(c.state #>> '{clock,terms,calendar}', p.content #>> '{calendars,0,name}')"
                " FROM cases c JOIN policies p ON p.version = c.policy_version WHERE c.closed_at IS NULL"
            )
        )
    ).scalars()
    if missing := sorted({name for name in used if name} - {calendar.name for calendar in policy.calendars}):
        raise CalendarsMissing(names=", ".join(missing))


async def roll_out(client: Client, queue: str, version: int, effective_from: datetime) -> bool:
    """Bring the version's calendars to every open case once it is in force. False: that is done or under way."""
    delay = effective_from - datetime.now(UTC)
    try:
        await client.start_workflow(
            ROLLOUT_WORKFLOW,
            Rollout(version=version),
            id=f"rollout-{version}",
            task_queue=heavy_queue(queue),
            start_delay=delay if delay > timedelta() else None,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def catch_up_rollouts(engine: AsyncEngine, client: Client, queue: str) -> None:
    """Start the rollouts that could not start because Temporal was away, of the version in force and of later ones."""
    async with engine.connect() as connection:
        try:
            in_force = await version_in_force(connection, None)
        except NoPolicy:
            return
        rows = await connection.execute(
            text(
                "SELECT version, effective_from FROM policies"
                " WHERE version = :version OR effective_from > clock_timestamp()"
            ),
            {"version": in_force},
        )
        versions = rows.all()
    for version, effective_from in versions:
        await roll_out(client, queue, version, effective_from)
