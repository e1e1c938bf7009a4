"""Client of the mailboxes: wake one. Safe to repeat: a mailbox that is woken for nothing looks, and waits on."""

from datetime import datetime
from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

from models.mailbox import MAILBOX_WORKFLOW, WAKE_SIGNAL, MailboxStart, mailbox_workflow_id


async def wake_mailbox(
    client: Client, person: UUID, *, urgent: bool, queue: str, wake_at: datetime | None = None
) -> None:
    """Signal the mailbox of a person, and start it when it does not run.

    `wake_at`: what a run that is started waits for, besides. Raises RPCError when Temporal can't be reached.
    """
    await client.start_workflow(
        MAILBOX_WORKFLOW,
        MailboxStart(person=person, wake_at=wake_at),
        id=mailbox_workflow_id(person),
        task_queue=queue,
        start_signal=WAKE_SIGNAL,
        start_signal_args=[urgent],
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )
