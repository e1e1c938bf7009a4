"""The mailbox whose history is recorded: see `tests.replay.record`."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from temporalio.client import Client

from infra.mailbox_client import wake_mailbox
from models.mailbox import Mute, mailbox_workflow_id
from tests.builders import person_id
from tests.fakes.far_side import Reply, running_far_side
from tests.town import Town
from tests.workflows.letters import Letters

_STATES = text("SELECT count(*) FROM mail_items WHERE person = :p AND state = :state")
HEAD = "labour_head"


async def play_mailbox(town: Town, client: Client) -> str:
    """Woken for what is muted, it waits for the end of the mute; woken for something urgent meanwhile, it looks at
    once, and then goes on waiting; return its workflow id."""
    letters = Letters(town.resources)
    async with running_far_side(lambda _: Reply()) as side:
        letters.side = side
        mute = Mute(until=datetime.now(UTC) + timedelta(seconds=16))
        await letters.told_by(HEAD, mutes=[mute.model_dump(mode="json")], digest_minutes=0)
        no = await town.report(category="0201")
        await town.do("duty", no, "accept")
        await town.do("duty", no, "dispatch", host="labour")
        await _until(letters, "waiting")
        await wake_mailbox(client, person_id(HEAD), urgent=True, queue=town.resources.settings.case_queue)
        await _until(letters, "told")
        await letters.delivered(1)
    return mailbox_workflow_id(person_id(HEAD))


async def _until(letters: Letters, state: str) -> None:
    async with asyncio.timeout(60):
        while not await letters.count(_STATES.text, p=person_id(HEAD), state=state):
            await asyncio.sleep(0.1)
