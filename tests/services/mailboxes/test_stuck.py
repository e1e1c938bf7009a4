"""A mailbox that nobody looks into is found, and woken by the next worker."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.auditing.mailboxes import stuck_mailboxes
from models.ids import new_id
from models.jobs.audit import Drift
from tests.builders import person_id, small_park
from tests.town import running_town, town_settings

_ITEM = text("""
    INSERT INTO mail_items (person, origin_id, seq, origin_kind, at, place, detail, state)
    VALUES (:p, :o, 1, 'case', :at, '', '{"number": "A1", "what": "handle", "task": "handle", "assignee": "person:x"}',
        :state)
""")
_MAILBOX = text("INSERT INTO mailboxes (person, storms, decided_at, wake_at) VALUES (:p, '[]', :at, :at)")


@pytest.mark.parametrize(
    ("state", "mailbox", "username"),  # people of their own: tests beside this one share the Temporal server
    [("new", False, "duty"), ("waiting", True, "supervisor"), ("waiting", False, "auditor")],
    ids=["new", "late", "no moment"],
)
async def test_what_waits_without_a_workflow_is_found_and_looked_at(
    engine: AsyncEngine, database_url: str, temporal_client: Client, state: str, mailbox: bool, username: str
) -> None:
    await small_park(engine)
    assert await stuck_mailboxes(engine) == ()
    who, at = person_id(username), datetime.now(UTC) - timedelta(minutes=10)
    async with engine.begin() as connection:
        await connection.execute(_ITEM, {"p": who, "o": new_id(), "at": at, "state": state})
        if mailbox:
            await connection.execute(_MAILBOX, {"p": who, "at": at})
        storms = [{"place": "", "began": at.isoformat(), "last": at.isoformat()}] if mailbox else []
        await connection.execute(text("UPDATE mailboxes SET storms = CAST(:s AS jsonb)"), {"s": json.dumps(storms)})
        told = {"p": who, "o": new_id(), "at": datetime.now(UTC) - timedelta(minutes=16), "state": "told"}
        await connection.execute(_ITEM, told)
        await connection.execute(text("UPDATE mail_items SET ground = 'emergency' WHERE state = 'told'"))
    (finding,) = await stuck_mailboxes(engine)
    assert REGISTRY.get_sample_value("gridloop_mailboxes_in_storm") == int(mailbox)
    assert REGISTRY.get_sample_value("gridloop_mail_urgent_unread") == 1
    assert (finding.kind, finding.matter_id, finding.fixable) == (Drift.MAILBOX_STUCK, who, True)
    assert abs((finding.since or at) - at) < timedelta(seconds=1)
    async with running_town(engine, temporal_client, town_settings(database_url), fill=False), asyncio.timeout(60):
        while await stuck_mailboxes(engine):
            await asyncio.sleep(0.1)
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT state, why FROM mail_items WHERE ground IS NULL"))).one()
    assert (row.state, row.why) == ("left", "done")
