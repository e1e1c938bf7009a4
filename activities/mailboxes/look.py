"""The look into a mailbox: read it, decide, record the decision in one transaction, and begin the sends.

A message that was recorded and not begun to be sent, because the worker died between, is begun by the next look; its
key makes it one send. What a message says is made by `services`, which activities may not import.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from infra import metrics
from infra.database import is_away, reason, transaction
from infra.outages import DATABASE
from infra.send_client import begin_send
from infra.store.mail.read import read_box
from infra.store.mail.write import StoredMessage, note_started, unstarted_messages, write_outcome
from infra.store.policies import NoPolicy
from models.mailbox import DECIDE_MAIL_ACTIVITY, MailDecided, MailStep
from models.sends import Send
from rules.mailbox import decide

log = structlog.get_logger(__name__)

#: Returns what is sent for a message; None when its person has no address any more.
Compose = Callable[[AsyncConnection, StoredMessage, datetime], Awaitable[Send | None]]


class MailboxActivities:
    """The activity, bound to a database, a Temporal client and the queue of the cases."""

    def __init__(self, engine: AsyncEngine, client: Client, queue: str, compose: Compose) -> None:
        self._engine = engine
        self._client = client
        self._queue = queue
        self._compose = compose

    @activity.defn(name=DECIDE_MAIL_ACTIVITY)
    async def decide_mail(self, step: MailStep) -> MailDecided:
        """Look into the mailbox of a person. Safe to repeat: what was decided is not decided again."""
        try:
            return await self._decide(step)
        except NoPolicy:
            return MailDecided()
        except Exception as error:
            if not is_away(error):
                raise
            DATABASE.note_away(reason(error), lost="a look into a mailbox")
            raise ApplicationError(
                "the database is away", type="DatabaseAway", category=ApplicationErrorCategory.BENIGN
            ) from None

    async def _decide(self, step: MailStep) -> MailDecided:
        async with transaction(self._engine) as connection:
            box = await read_box(connection, step.person, step.at)
            if box is None:
                return MailDecided()
            outcome = decide(box, step.at)
            await write_outcome(connection, step.person, outcome, step.at)
        for message in outcome.messages:
            metrics.MAIL_MESSAGES.labels(form=message.form.value).inc()
        if outcome.messages:
            log.info("mail decided", messages=len(outcome.messages), waiting=len(outcome.waiting))
        await self._begin_sends(step)
        return MailDecided(wake_at=outcome.wake_at)

    async def _begin_sends(self, step: MailStep) -> None:
        async with self._engine.connect() as connection:
            unstarted = await unstarted_messages(connection, step.person)
        for message in unstarted:
            async with transaction(self._engine) as connection:
                send = await self._compose(connection, message, step.at)
            if send is not None:
                await begin_send(self._client, send, queue=self._queue)
            async with transaction(self._engine) as connection:
                await note_started(connection, message.id, step.at)
