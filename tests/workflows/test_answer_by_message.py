"""A message carries the link to the act that is due of its person: by their own channels, never to a group."""

import email
import email.policy
import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.channels.base import Letter
from activities.channels.mail import compose
from infra.keys.access import keys_of
from infra.keys.boxes import Box, close_box
from infra.store.channels import about_channel
from infra.store.mail.addresses import insert_address
from infra.store.one_time_links import find_link
from infra.store.sends import open_send
from models.channels import MailConfig
from models.ids import derived_id
from models.one_time_links import LinkHolder
from models.sends import ActLink, ChannelKind, Message
from tests.builders import MICRO, a_policy, person_id
from tests.fakes import robots
from tests.fakes.far_side import Received, Reply, running_far_side
from tests.workflows.letters import PUBLIC_URL, Letters, running_letters

LINK = re.compile(re.escape(PUBLIC_URL) + r"/l/([A-Za-z0-9_-]{20,})")
SMS = {
    "kind": "sms", "body": '{"phone": "{phone}", "text": "{text}", "id": "{key}"}', "ok_path": "code", "ok_value": "OK",
    "attempts": 1, "first_wait": 1,
}  # fmt: skip
_CHANNEL = text("""
    INSERT INTO channels (id, kind, name, config, sealed, wrapped_key, key_id, enabled, created_at, updated_at)
    VALUES (:id, :kind, :id, CAST(:config AS jsonb), :sealed, :wrapped, :key, true, now(), now())
""")


@pytest.fixture
async def town(
    engine: AsyncEngine, database_url: str, time_skipping_binary: str, key_file: Path
) -> AsyncIterator[Letters]:
    async with running_letters(engine, database_url, time_skipping_binary, key_file, a_policy()) as running:
        yield running


async def channel(town: Letters, id_: str, config: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    box = await close_box(keys_of(town.engine).ring, about_channel(id_), json.dumps(dict(secrets)).encode())
    async with town.engine.begin() as connection:
        values = {"id": id_, "kind": config["kind"], "config": json.dumps(dict(config))}
        sealed = {"sealed": box.sealed, "wrapped": box.wrapped_key, "key": box.key_id}
        await connection.execute(_CHANNEL, {**values, **sealed})


async def reached(town: Letters, username: str, **addresses: str) -> None:
    """Give somebody these channels, in this order."""
    async with town.engine.begin() as connection:
        for name, address in addresses.items():
            id_, who = derived_id(name, username), person_id(username)
            await insert_address(connection, id_, who, name, address, "", now=await town.now(), verified=True)


async def test_the_link_of_a_message_is_for_its_person_and_never_for_a_group(town: Letters) -> None:
    """The gateway refuses, and repeats what it was given; the group's robot then takes the message."""

    def gateway(received: Received) -> Reply:
        return Reply(400, received.body)

    async with running_far_side(gateway) as phone, running_far_side(robots.wecom("wecom-key")) as group:
        await channel(town, "sms", {**SMS, "url": phone.url("/send")}, {"secret": "gateway-secret"})
        await channel(town, "group", {"kind": "wecom", "url": group.url("/cgi-bin/webhook/send")}, {"key": "wecom-key"})
        await reached(town, "labour_handler", sms="13800001234", group="")
        case_no = await town.report(grid=MICRO, category="0201")
        await town.do("duty", case_no, "accept")
        await town.do("duty", case_no, "dispatch", host="labour")
        await town.give_out()
        await town.step(minutes=2)
        await group.wait_for(1)
        await town.step(minutes=1)
        said = json.loads(phone.received[0].body)["text"]
        assert said.count(case_no) == 1, "one sentence, once"
        (token,) = LINK.findall(said)
        link = await find_one(town, token)
        assert (link.act, link.holder, link.person) == ("claim", LinkHolder.PERSON, person_id("labour_handler"))
        assert link.expires_at - link.made_at == timedelta(days=7)
        told = json.loads(group.received[0].body)["text"]["content"]
        assert f"{PUBLIC_URL}/cases/{case_no}" in told
        assert token not in told
        assert "/l/" not in told
    assert await town.count("SELECT count(*) FROM one_time_links") == 1
    async with town.engine.connect() as connection:
        log = repr((await connection.execute(text("SELECT * FROM send_attempts"))).mappings().all())
        sends = repr((await connection.execute(text("SELECT * FROM sends"))).mappings().all())
    assert "***" in log, "the answer that repeats the message is in the log"
    assert token not in log + sends
    for history in await histories(town):
        assert token.encode() not in history, "a history is sealed"


async def test_a_digest_has_a_link_for_each_case_and_a_look_that_is_repeated_makes_the_same_ones(town: Letters) -> None:
    async with running_far_side(lambda _: Reply(200, b'{"code": "OK"}')) as phone:
        await channel(town, "sms", {**SMS, "url": phone.url("/send")}, {"secret": "gateway-secret"})
        await reached(town, "labour_handler", sms="13800001234")
        numbers = [await town.report(grid=MICRO, category="0201") for _ in range(2)]
        for case_no in numbers:
            await town.do("duty", case_no, "accept")
            await town.do("duty", case_no, "dispatch", host="labour")
        await town.give_out()
        await town.step(minutes=2)
        await phone.wait_for(1)
        async with town.engine.begin() as connection:  # as if the worker had died before it noted the send
            await connection.execute(text("UPDATE mail_messages SET started_at = NULL, at = at - interval '1 hour'"))
        await town.step(minutes=5)
        await town.step(minutes=2)
        assert await town.count("SELECT count(*) FROM mail_messages WHERE started_at IS NULL") == 0
        assert len(phone.received) == 1
        assert await town.count("SELECT count(*) FROM one_time_links") == 2
        said = json.loads(phone.received[0].body)["text"]
        assert said.endswith(f"{PUBLIC_URL}/notices"), "a text message has the one link to the list"
        async with town.engine.connect() as connection:
            row = (await connection.execute(text("SELECT key, sealed, wrapped_key, key_id FROM sends"))).one()
        sealed = Box(row.sealed, row.wrapped_key, row.key_id)
        message = (await open_send(keys_of(town.engine).ring, row.key, sealed)).message
        assert [(one.line, one.label) for one in message.act_links] == [(0, "认领"), (1, "认领")]
        for case_no, line, act in zip(numbers, message.lines, message.act_links, strict=True):
            assert case_no in line
            (token,) = LINK.findall(act.address)
            assert (await find_one(town, token)).act == "claim"


def test_a_mail_shows_each_link_below_its_line() -> None:
    acts = tuple(ActLink(line=n, label="认领 & 办", address=f"https://grid.example/l/{'t' * 30}{n}") for n in (0, 2))
    whole = Message(title="3 件", lines=("一", "二", "三"), link="https://grid.example/notices", act_links=acts)
    config = MailConfig(kind="mail", host="mail.example", port=25, sender="grid@grid.example")
    for kind, shown in ((ChannelKind.MAIL, True), (ChannelKind.WECOM, False), (ChannelKind.WEBHOOK, False)):
        letter = Letter("mail:1", whole.on(kind), "li@example.com", datetime.now(UTC))
        parsed = email.message_from_bytes(compose(config, letter), policy=email.policy.SMTP)
        bodies = [parsed.get_body((name,)) for name in ("plain", "html")]
        plain, html = (body.get_content() for body in bodies if body is not None)
        assert ("/l/" in plain, "/l/" in html) == (shown, shown)
        assert "https://grid.example/notices" in plain
        if shown:
            assert plain.index("一") < plain.index(acts[0].address) < plain.index("二") < plain.index(acts[1].address)
            assert f'<br><a href="{acts[1].address}">认领 &amp; 办</a>' in html


async def test_a_message_is_in_the_language_that_its_person_chose(town: Letters) -> None:
    async with running_far_side(lambda _: Reply(200, b'{"code": "OK"}')) as phone:
        await channel(town, "sms", {**SMS, "url": phone.url("/send")}, {"secret": "gateway-secret"})
        chosen = text("INSERT INTO mail_settings VALUES (:p, CAST(:c AS jsonb), now())")
        for number, (name, language) in enumerate((("labour_handler", "zh"), ("labour_head", "en"))):
            await reached(town, name, sms=f"1380000123{number}")
            async with town.engine.begin() as connection:
                await connection.execute(chosen, {"p": person_id(name), "c": json.dumps({"language": language})})
        numbers = [await town.report(grid=MICRO, category="0201") for _ in range(2)]
        for case_no in numbers:
            await town.do("duty", case_no, "accept")
            await town.do("duty", case_no, "dispatch", host="labour")
        await town.give_out()
        await town.step(minutes=2)
        await phone.wait_for(2)
        texts = {body["phone"]: body["text"] for body in (json.loads(one.body) for one in phone.received)}
    zh, en = texts["13800001230"].splitlines(), texts["13800001231"].splitlines()
    assert (zh[0], en[0]) == ("2 件事项待您查看", "2 items wait for you")
    for case_no, chinese, english in zip(numbers, zh[1:3], en[1:3], strict=True):
        assert chinese.startswith(f"{case_no} 欠薪纠纷:待处置,时限 ")
        assert english.startswith(f"{case_no} Wage dispute: to handle, due ")


async def find_one(town: Letters, token: str) -> Any:
    async with town.engine.connect() as connection:
        return await find_link(connection, token)


async def histories(town: Letters) -> list[bytes]:
    """The histories of the mailbox and the sends, as Temporal stores them."""
    async with town.engine.connect() as connection:
        keys = (await connection.execute(text("SELECT key FROM sends"))).scalars().all()
    ids = [f"send-{key}" for key in keys] + [f"mailbox-{person_id('labour_handler')}"]
    found = []
    for id_ in ids:
        handle = town.env.client.get_workflow_handle(id_)
        found.append(b"".join([event.SerializeToString() async for event in handle.fetch_history_events()]))
    return found
