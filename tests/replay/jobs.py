"""One run of each workflow that is neither a case nor a matter, to be recorded: see `tests.replay.record`."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio.client import Client

from models.ids import new_id
from models.jobs.bulletin import BULLETIN_WORKFLOW, BulletinKind, BulletinOrder
from models.jobs.export import EXPORT_WORKFLOW, ExportOrder
from models.jobs.history import ANCHOR_WORKFLOW, ARCHIVE_WORKFLOW
from models.jobs.retirement import RETIREMENT_WORKFLOW
from models.jobs.suggestions import TRAINING_WORKFLOW
from models.mailbox import MAILBOX_WORKFLOW, WAKE_SIGNAL, MailboxStart
from models.messages import Rollout
from models.wire_names import AUDIT_WORKFLOW, ROLLOUT_WORKFLOW
from tests.builders import person_id
from tests.town import Town

#: The workflows with their input, if they take any.
JOBS: dict[str, Any] = {
    ANCHOR_WORKFLOW: None,
    ARCHIVE_WORKFLOW: None,
    AUDIT_WORKFLOW: None,
    BULLETIN_WORKFLOW: BulletinOrder(kind=BulletinKind.BOARD),
    EXPORT_WORKFLOW: ExportOrder(id=new_id()),
    ROLLOUT_WORKFLOW: Rollout(version=1),
    RETIREMENT_WORKFLOW: None,
    TRAINING_WORKFLOW: None,
    MAILBOX_WORKFLOW: MailboxStart(person=person_id("duty")),
}


async def play_jobs(town: Town, client: Client, queue: str) -> dict[str, str]:
    """Run each once, beside an open case; return its workflow id by name. An export waits for its end afterwards."""
    await town.report()
    ids = {}
    for name, order in JOBS.items():
        id_ = f"recorded-{name}-{new_id().hex}"
        inputs = [] if order is None else [order]
        woken: dict[str, Any] = {"start_signal": WAKE_SIGNAL, "start_signal_args": [False]}
        more = woken if name == MAILBOX_WORKFLOW else {}
        handle = await client.start_workflow(name, args=inputs, id=id_, task_queue=queue, **more)
        if name == EXPORT_WORKFLOW:
            async with asyncio.timeout(60):
                while not [event async for event in handle.fetch_history_events() if event.HasField(
                    "timer_started_event_attributes"
                )]:  # fmt: skip
                    await asyncio.sleep(0.2)
        else:
            await asyncio.wait_for(handle.result(), timedelta(minutes=1).total_seconds())
        ids[name.lower()] = id_
    return ids
