"""The worker process: runs workflows and activities. Start as many as there are cores to spare.

On SIGTERM it takes no new work and finishes what is running.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.anchoring import AnchorActivities
from activities.archiving import ArchiveActivities
from activities.auditing.activity import AuditActivities, Sweep
from activities.bulletins import BulletinActivities
from activities.errands import ErrandActivities
from activities.exports import ExportActivities
from activities.handing_over import HandoverActivities
from activities.mailboxes.look import MailboxActivities
from activities.mailboxes.waker import Waker
from activities.matters.recording import MatterRecorder
from activities.matters.relay import Relay
from activities.recording import Recorder
from activities.retiring import RetirementActivities
from activities.rollout import RolloutActivities
from activities.sending import SendActivities
from activities.training import TrainingActivities
from infra.awaiting import await_place
from infra.database import open_database, open_recording_engine
from infra.database_roles import warn_of_rights
from infra.event_loop import freeze_garbage_collector, run
from infra.files import keep_private
from infra.logging import set_up_logging
from infra.outgoing import outgoing_of
from infra.process_end import ending_early
from infra.settings import Settings
from infra.starting import check_database, settings_or_exit
from infra.store.place import Place
from infra.store.workers import giving_signs
from infra.temporal import connect
from infra.tracing import start_tracing, stop_tracing
from models.errors import AttachmentsAway, AttachmentsRefused, StorageFull
from models.personal_numbers import choose_kinds
from models.wire_names import heavy_queue, sends_queue
from services.accounts.limits import sweep_limits
from services.archive.retire import retire_due
from services.archive.run import archive_all
from services.archive.schedule import schedule_archive, schedule_retirement
from services.attachments.store import attachments_of
from services.attachments.sweep import sweep_store
from services.auditing.schedule import schedule_audits
from services.bulletins.schedules import schedule_bulletins
from services.bulletins.store import make_bulletins
from services.exports.make import make_export, record_failure, remove_export
from services.handovers.audit import see_to_handovers
from services.handovers.files import keep_file
from services.history.anchors import make_anchors
from services.history.schedule import schedule_anchors
from services.mailboxes.compose import composing
from services.open311.media import fetching_media
from services.open311.sweep import forget_attributes
from services.policies.publish import catch_up_rollouts
from services.public.messages import compose_messages
from services.reporters.nightly import nightly
from services.reporters.prepare import prepare_reporters
from services.runtime.resources import Resources
from services.suggestions.schedule import schedule_training
from services.suggestions.train import train_all
from workflows.anchor import AnchorWorkflow
from workflows.archive import ArchiveWorkflow
from workflows.audit import AuditWorkflow
from workflows.bulletin import BulletinWorkflow
from workflows.case import CaseWorkflow
from workflows.export import ExportWorkflow
from workflows.handover import HandoverWorkflow
from workflows.mailbox import MailboxWorkflow
from workflows.matter import MatterWorkflow
from workflows.retirement import RetirementWorkflow
from workflows.rollout import RolloutWorkflow
from workflows.sandbox import PASSTHROUGH_MODULES, STICKY_TIMEOUT
from workflows.send import SendWorkflow
from workflows.training import TrainingWorkflow

if TYPE_CHECKING:
    from doors.worker import WorkerDoor

log = structlog.get_logger("worker")

#: The workflows of each queue. The worker of the cases also runs heavy ones: those that an earlier version began there.
HEAVY_WORKFLOWS: tuple[type[Any], ...] = (
    RolloutWorkflow,
    AuditWorkflow,
    AnchorWorkflow,
    ArchiveWorkflow,
    BulletinWorkflow,
    ExportWorkflow,
    TrainingWorkflow,
    RetirementWorkflow,
)
CASE_WORKFLOWS: tuple[type[Any], ...] = (CaseWorkflow, MatterWorkflow, MailboxWorkflow, *HEAVY_WORKFLOWS)
SEND_WORKFLOWS: tuple[type[Any], ...] = (SendWorkflow, HandoverWorkflow)
#: Every workflow; each has recorded histories in `tests/replay`.
WORKFLOWS: tuple[type[Any], ...] = (*CASE_WORKFLOWS, *SEND_WORKFLOWS)
#: How many attempts to send a worker process makes at once (our choice).
SENDS_AT_ONCE = 16
#: Seconds until schedules and rollouts that could not be started are tried again.
SCHEDULE_RETRY_SECONDS = 5.0


def build_worker(
    client: Client, engine: AsyncEngine, settings: Settings, recording_engine: AsyncEngine | None = None
) -> Worker:
    """Return the worker of the queue of the cases, not yet running.

    `recording_engine`: the engine of the recording step (`open_recording_engine`); `engine` when left out.
    """
    return Worker(
        client,
        task_queue=settings.case_queue,
        workflows=CASE_WORKFLOWS,
        activities=[
            Recorder(recording_engine or engine).record,
            MatterRecorder(recording_engine or engine).record_matter,
            ErrandActivities(client, engine).tell_case,
            ErrandActivities(client, engine).open_case,
            MailboxActivities(engine, client, settings.case_queue, composing(settings)).decide_mail,
            *_heavy_activities(client, engine, settings),
        ],
        workflow_runner=workflow_runner(sandbox=settings.worker_sandbox),
        max_cached_workflows=settings.worker_cache,
        max_concurrent_workflow_tasks=100,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=settings.worker_grace,
        deployment_config=deployment_of(settings),
    )


def build_heavy_worker(client: Client, engine: AsyncEngine, settings: Settings) -> Worker:
    """Return the worker of the queue of heavy work, not yet running."""
    return Worker(
        client,
        task_queue=heavy_queue(settings.case_queue),
        workflows=HEAVY_WORKFLOWS,
        activities=_heavy_activities(client, engine, settings),
        workflow_runner=workflow_runner(sandbox=settings.worker_sandbox),
        max_cached_workflows=100,
        max_concurrent_activities=settings.worker_heavy,
        max_concurrent_workflow_task_polls=2,
        max_concurrent_activity_task_polls=1,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=settings.worker_grace,
        deployment_config=deployment_of(settings),
    )


def build_sends_worker(client: Client, engine: AsyncEngine, settings: Settings) -> Worker:
    """Return the worker of what is sent to other systems, not yet running.

    It has a queue of its own, because a far side that does not answer keeps an attempt waiting.
    """
    sends = SendActivities(engine, outgoing_of(settings))
    handovers = HandoverActivities(engine, client, settings, partial(keep_file, engine, settings))
    return Worker(
        client,
        task_queue=sends_queue(settings.case_queue),
        workflows=SEND_WORKFLOWS,
        activities=[sends.record_send, sends.attempt_send, sends.finish_send, handovers.advance],
        workflow_runner=workflow_runner(sandbox=settings.worker_sandbox),
        max_cached_workflows=200,
        max_concurrent_activities=SENDS_AT_ONCE,
        max_concurrent_workflow_task_polls=2,
        max_concurrent_activity_task_polls=1,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=settings.worker_grace,
        deployment_config=deployment_of(settings),
    )


def deployment_of(settings: Settings) -> WorkerDeploymentConfig | None:
    """Return the version of a worker with these settings; None: it has none, and takes all that is given out.

    Open cases go on with the current version, whichever it is: they live for months, and no version is kept so long.
    """
    if settings.worker_deployment is None or settings.worker_build is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.worker_deployment, settings.worker_build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


def _heavy_activities(client: Client, engine: AsyncEngine, settings: Settings) -> list[Callable[..., Any]]:
    sweep, unnamed = sweeper(client, engine, settings), settings.unnamed_retention
    audits = AuditActivities(engine, client, settings.case_queue, sweep, nightly(settings), unnamed=unnamed)
    exports = ExportActivities(engine, make_export, record_failure, remove_export)
    return [
        RolloutActivities(engine, client, partial(schedule_bulletins, client, engine, settings.case_queue)).roll_out,
        audits.audit,
        ArchiveActivities(engine, settings, archive_all).archive,
        RetirementActivities(engine, settings, retire_due).retire,
        AnchorActivities(engine, settings, make_anchors).make_anchors,
        BulletinActivities(engine, make_bulletins).make_bulletins,
        exports.make_export,
        exports.remove_export,
        TrainingActivities(engine, settings, train_all).train_suggestions,
    ]


def sweeper(client: Client, engine: AsyncEngine, settings: Settings) -> Sweep:
    """Return what the scheduled audit calls to remove what nothing names any more, and to see that a workflow runs for
    every hand-over that is not over."""

    async def sweep(now: datetime) -> int:
        await sweep_limits(engine, now)
        await forget_attributes(engine, now)
        await see_to_handovers(engine, client, settings.case_queue)
        try:
            return await sweep_store(engine, attachments_of(settings), now, settings.unnamed_retention)
        except (AttachmentsAway, AttachmentsRefused, StorageFull) as error:  # the audit goes on; it is tried again
            log.warning("files not swept", reason=error.code)
            return 0

    return sweep


@asynccontextmanager
async def running_worker(
    client: Client,
    engine: AsyncEngine,
    settings: Settings,
    recording_engine: AsyncEngine | None = None,
    moved: Callable[[], None] = lambda: None,
) -> AsyncIterator[None]:
    """Run the workers of the queues in `settings`, and beside the cases the relay of the outbox and the waker of
    mailboxes, until the block ends.

    Parameters as for `build_worker`; `moved` as for `giving_signs`.
    """
    async with AsyncExitStack() as stack:
        if "heavy" in settings.worker_queues:
            await stack.enter_async_context(fetching_media(Resources(settings, engine, client)))
            await stack.enter_async_context(build_heavy_worker(client, engine, settings))
            await stack.enter_async_context(build_sends_worker(client, engine, settings))
        if "cases" in settings.worker_queues:
            compose = partial(compose_messages, engine, settings)
            relay = Relay(engine, client, settings.case_queue, lambda: settings.database, compose, settings.public_url)
            await stack.enter_async_context(build_worker(client, engine, settings, recording_engine))
            await stack.enter_async_context(relay.running())
            waker = Waker(engine, client, settings.case_queue, lambda: settings.database)
            await stack.enter_async_context(waker.running())
        await stack.enter_async_context(giving_signs(engine, client, moved))
        yield


def served_queues(settings: Settings) -> tuple[str, ...]:
    """Return the task queues that a worker process with these settings polls."""
    queue = settings.case_queue
    queues = {"cases": (queue,), "heavy": (heavy_queue(queue), sends_queue(queue))}
    return tuple(served for name in settings.worker_queues for served in queues[name])


def worker_identity(settings: Settings) -> str:
    """Return what Temporal calls this process: its id, and the name of the settings or of the machine."""
    return f"{os.getpid()}@{settings.worker_name or socket.gethostname()}"


def workflow_runner(*, sandbox: bool) -> WorkflowRunner:
    """Return the sandbox with our pure packages passed through; or none, for measured high load."""
    if not sandbox:
        return UnsandboxedWorkflowRunner()
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSTHROUGH_MODULES)
    return SandboxedWorkflowRunner(restrictions=restrictions)


async def start_schedules_and_rollouts(engine: AsyncEngine, client: Client, queue: str) -> None:
    """Start rollouts that were published while Temporal was away, and the schedules. Safe to repeat at every start.

    A store that is away does not stop the worker: this retries until it answers.
    """
    told = ""
    while True:
        try:
            await prepare_reporters(engine)
            await catch_up_rollouts(engine, client, queue)
            await schedule_audits(client, queue)
            await schedule_archive(client, queue)
            await schedule_retirement(client, queue)
            await schedule_anchors(client, queue)
            await schedule_training(client, queue)
            return await schedule_bulletins(client, engine, queue)
        except Exception as error:  # noqa: BLE001 (logged and retried)
            if (why := str(error)) != told:
                told = why
                log.warning("schedules not started yet", error=type(error).__name__, reason=why)
        await asyncio.sleep(SCHEDULE_RETRY_SECONDS)


def make_door(settings: Settings) -> "WorkerDoor | None":
    """Return what the process answers over HTTP, where the settings give it a port."""
    if not settings.worker_port:
        return None
    from doors.worker import WorkerDoor  # a worker without a port spares these imports

    return WorkerDoor(settings, served_queues(settings))


async def main() -> None:
    """Run a worker until SIGINT or SIGTERM."""
    config = settings_or_exit()
    await check_database(config)
    keep_private(config.data_dir)
    set_up_logging(config)
    choose_kinds(config.masked_numbers)
    start_tracing(config, "gridloop-worker")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    door = make_door(config)
    async with nullcontext() if door is None else door.answering():
        place = await await_place(config, stop)
        if place is not None:
            await work(config, place, door, stop)
    stop_tracing()


async def work(config: Settings, place: Place, door: "WorkerDoor | None", stop: asyncio.Event) -> None:
    """Take what the queues give out until told to stop, and finish what has begun."""
    engine = open_database(config, ping=False, session=place.session)
    recording_engine = open_recording_engine(config, place.session)
    client = await connect(config, identity=worker_identity(config), runtime=None if door is None else door.runtime)
    await Recorder(recording_engine).warm_up(datetime.now(UTC))
    freeze_garbage_collector()
    async with running_worker(client, engine, config, recording_engine, stop.set):
        if door is not None:
            door.begin(engine, client)
        schedules = asyncio.create_task(start_schedules_and_rollouts(engine, client, config.case_queue))
        await warn_of_rights(engine)
        log.info("worker started", queues=served_queues(config), namespace=client.namespace)
        await stop.wait()
        log.info("worker stopping")
        if door is not None:
            door.stopping = True
        schedules.cancel()
    await recording_engine.dispose()
    await engine.dispose()


if __name__ == "__main__":
    with ending_early():
        run(main())
