"""Records the histories that `test_replay` replays: `python -m tests.replay.record VERSION`.

Run it once for each release that changes the workflow, with that release's name; old files stay for ever, because
cases begun under them may still be open.
"""

import asyncio
import dataclasses
import re
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text
from temporalio.client import Client

from infra.database import open_database
from infra.keys.ring import create_ring
from infra.temporal import make_converter
from models.ids import matter_workflow_id, workflow_id
from models.policy.limits import Limit
from models.policy.standard import Limits
from tests.builders import a_policy, publish
from tests.replay.handovers import play_handovers
from tests.replay.jobs import play_jobs
from tests.replay.mailboxes import play_mailbox
from tests.replay.matters import play_matters
from tests.replay.sends import play_sends
from tests.scenarios import ALL
from tests.servers import Servers, running_servers
from tests.services.matters.hall import Hall
from tests.town import Town, running_town, town_settings

HISTORIES = Path(__file__).parent / "histories"
#: Our converter without encryption: the files are read without keys.
READABLE = dataclasses.replace(make_converter(Path()), payload_codec=None)


async def record(version: str, servers: Servers) -> None:
    """Plays every scenario and keeps the history of every case in it."""
    client = await Client.connect(
        servers.temporal_address,
        namespace=servers.temporal_namespace,
        data_converter=READABLE,
        tls=False,
    )
    for name, scenario in ALL.items():
        place = Path(tempfile.mkdtemp())
        create_ring(place / "ring.json")
        url = servers.create_database(f"record_{uuid4().hex}")
        settings = town_settings(url, key_file=place / "ring.json", vault_folder=str(place / "vault"))
        engine = open_database(settings)
        async with running_town(engine, client, settings) as town:
            if name == "contested":
                await hurry(town)
            for number, case_no in enumerate(await scenario(town), 1):
                view = await town.look("admin", case_no)
                history = await client.get_workflow_handle(workflow_id(view.report_id)).fetch_history()
                file = HISTORIES / f"{version}-{name}-{number}.json"
                file.write_text(_of_no_machine(history.to_json()) + "\n")
                print(file.name, len(history.events), "events")
        await engine.dispose()


async def record_matters(version: str, servers: Servers) -> None:
    """Plays matters and keeps the history of each: commands, a refusal, a resent command, effects, and the clock."""
    client = await Client.connect(
        servers.temporal_address, namespace=servers.temporal_namespace, data_converter=READABLE, tls=False
    )
    settings = town_settings(servers.create_database(f"record_{uuid4().hex}"))
    engine = open_database(settings)
    async with running_town(engine, client, settings) as town:
        for name, (kind, id_) in (await play_matters(Hall(town))).items():
            history = await client.get_workflow_handle(matter_workflow_id(kind, id_)).fetch_history()
            file = HISTORIES / f"{version}-matter-{name}.json"
            file.write_text(_of_no_machine(history.to_json()) + "\n")
            print(file.name, len(history.events), "events")
    await engine.dispose()


async def record_jobs(version: str, servers: Servers) -> None:
    """Runs each of the other workflows once and keeps its history."""
    client = await Client.connect(
        servers.temporal_address, namespace=servers.temporal_namespace, data_converter=READABLE, tls=False
    )
    place = Path(tempfile.mkdtemp())
    settings = town_settings(servers.create_database(f"record_{uuid4().hex}"), data_dir=place)
    engine = open_database(settings)
    async with running_town(engine, client, settings) as town:
        for name, id_ in (await play_jobs(town, client, settings.case_queue)).items():
            history = await client.get_workflow_handle(id_).fetch_history()
            file = HISTORIES / f"{version}-job-{name}.json"
            file.write_text(_of_no_machine(history.to_json()) + "\n")
            print(file.name, len(history.events), "events")
    await engine.dispose()


async def record_outgoing(version: str, servers: Servers) -> None:
    """Plays what leaves the system, to far sides of this machine, and keeps its histories: sends, hand-overs, and the
    mailbox of somebody who is told."""
    client = await Client.connect(
        servers.temporal_address, namespace=servers.temporal_namespace, data_converter=READABLE, tls=False
    )
    place = Path(tempfile.mkdtemp())
    create_ring(place / "ring.json")
    url = servers.create_database(f"record_{uuid4().hex}")
    settings = town_settings(url, key_file=place / "ring.json", data_dir=place, outgoing_private="127.0.0.0/8")
    engine = open_database(settings)
    async with running_town(engine, client, settings) as town:
        ids = {f"send-{name}": id_ for name, id_ in (await play_sends(town, client)).items()}
        ids |= {f"handover-{name}": id_ for name, id_ in (await play_handovers(town)).items()}
        ids["mailbox-woken"] = await play_mailbox(town, client)
        for name, id_ in ids.items():
            handle = client.get_workflow_handle(id_)
            await asyncio.wait_for(handle.result(), 30)
            history = await handle.fetch_history()
            file = HISTORIES / f"{version}-{name}.json"
            file.write_text(_of_no_machine(history.to_json()) + "\n")
            print(file.name, len(history.events), "events")
    await engine.dispose()


def _of_no_machine(history: str) -> str:
    """The history without the traces of where this machine keeps its files; a replay asks for none."""
    return re.sub(r'"stackTrace": "(?:[^"\\]|\\.)*"', '"stackTrace": ""', history)


async def hurry(town: Town) -> None:
    """Gives the handling of wage cases two seconds."""
    policy = a_policy()
    hour = Limit.of_hours(1)
    limits = Limits(accept=hour, dispatch=hour, handle=Limit.of_hours(2 / 3600), review=hour)
    categories = tuple(category.model_copy(update={"limits": limits}) for category in policy.categories)
    async with town.engine.begin() as connection:
        await connection.execute(text("DELETE FROM policies"))
        await publish(connection, policy.model_copy(update={"categories": categories}), version=2)


if __name__ == "__main__":
    with running_servers() as started:
        asyncio.run(record(sys.argv[1], started))
        asyncio.run(record_matters(sys.argv[1], started))
        asyncio.run(record_jobs(sys.argv[1], started))
        asyncio.run(record_outgoing(sys.argv[1], started))
