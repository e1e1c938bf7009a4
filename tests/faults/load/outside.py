"""What is outside: a web hook, a gateway that tells people, and departments' systems; each real, and each careless.

They store something and lose their answer, answer late, answer 500 before or after they have stored it, or want to be
asked later. What they hold in the end is their own record of what reached them.
"""

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text
from temporalio.service import RPCError

from activities.channels.webhook import sign
from models.ids import derived_id
from models.sends import send_workflow_id
from tests.builders import PARK, person_id
from tests.fakes.far_side import Received, Reply, running_far_side
from tests.fakes.far_system import FarSystem
from tests.faults.load.ledger import UNANSWERED, Ledger
from tests.faults.load.site import Site
from tests.workflows.letters import add_channel

#: Facts of which the web hook is told.
HOOKED = ("received", "accepted", "dispatched", "completed", "step_fired")
#: Who is told by the gateway.
TOLD = ("labour_head", "environment_handler", "fire_head")
#: The systems by department: one can be asked, one takes a key once, of one nobody can know.
SYSTEMS: dict[str, dict[str, Any]] = {"labour": {"asked": True}, "environment": {"dedupes": True}, "fire": {}}
#: Channels are patient, and try again soon.
PATIENT = {"attempts": 50, "first_wait": 0.5, "longest_wait": 2}
_ADDRESS = text("""
    INSERT INTO mail_addresses (id, person, channel, hint, rank, created_at, verified_at, tries)
    VALUES (:id, :p, 'gateway', '', 0, now(), now(), 0)
""")
_HOOK = text("""
    INSERT INTO hook_subscriptions (id, channel, kinds, grid, created_at) VALUES (:id, 'hook', :kinds, :grid, now())
""")
HOOK_ID = derived_id("subscription of the load")
_ON_ITS_WAY = text("SELECT key FROM sends WHERE status = 'waiting' ORDER BY created_at LIMIT 1")
_UNDER_WAY = text("SELECT id FROM handovers WHERE status NOT IN ('answered', 'ended') ORDER BY created_at LIMIT 1")
#: Seconds between two answers of a department's system.
ANSWERED_EVERY = 0.7


class Careless:
    """What far sides share: they are careless until they are `calm`. `did`: how often they were what."""

    def __init__(self, luck: random.Random) -> None:
        self.luck, self.calm = luck, False
        self.did: Counter[str] = Counter()

    def careless(self) -> tuple[bool, Reply | None]:
        """Draw what happens to a good request: whether it is stored, and what is answered instead of the truth."""
        drawn = 1.0 if self.calm else self.luck.random()
        if drawn < 0.08:
            return self._does("stored, cut", True, Reply(cut=True))
        if drawn < 0.14:
            return self._does("stored, 500", True, Reply(500))
        if drawn < 0.20:
            return self._does("500", False, Reply(500))
        if drawn < 0.26:
            return self._does("later", False, Reply(503, headers={"retry-after": "1"}))
        if drawn < 0.34:
            return self._does("stored, late", True, Reply(drip=0.3))
        return self._does("stored", True, None)

    def _does(self, what: str, stores: bool, reply: Reply | None) -> tuple[bool, Reply | None]:
        self.did[what] += 1
        return stores, reply


class Inbox(Careless):
    """A web hook or a gateway: every request that it stores counts, by the id in it."""

    def __init__(self, luck: random.Random) -> None:
        super().__init__(luck)
        self.stored: dict[str, list[bytes]] = defaultdict(list)

    def answer(self, received: Received) -> Reply:
        """Answer one request."""
        stores, reply = self.careless()
        if stores:
            self.stored[json.loads(received.body)["id"]].append(received.body)
        return reply or Reply()


class Department(Careless):
    """A department's system, careless around `FarSystem`, which checks keys and signatures."""

    def __init__(self, luck: random.Random, *, asked: bool = False, dedupes: bool = False) -> None:
        super().__init__(luck)
        self.asked = asked
        self.system = FarSystem(dedupes=dedupes)

    def answer(self, received: Received) -> Reply:
        """Answer one request."""
        stores, reply = self.careless()
        if not stores:
            return reply or Reply(500)
        told = self.system.answer(received)
        if reply is None or told.status != 200:
            return told
        return replace(told, drip=reply.drip) if reply.drip else reply


@dataclass
class Given:
    """An answer that a department's system gave to a hand-over, as often as it was given, with the receipt."""

    handover: UUID
    answer_id: str
    kind: str
    answers: list[int] = field(default_factory=list)
    recorded_as: str | None = None

    @property
    def command(self) -> UUID:
        """The command that it becomes."""
        return derived_id(self.handover, "answer", self.answer_id)

    @property
    def open(self) -> bool:
        """Whether the outcome is unknown."""
        return self.recorded_as is None and not (self.answers and 400 <= self.answers[-1] < 500)


class Outside:
    """All of them, and what they said."""

    def __init__(self, site: Site, ledger: Ledger, seed: int) -> None:
        self.site, self.ledger = site, ledger
        self._luck = random.Random(f"{seed}:outside")
        self.hook, self.gateway = Inbox(self._luck), Inbox(self._luck)
        self.departments = {name: Department(self._luck, **how) for name, how in SYSTEMS.items()}
        self.given: list[Given] = []
        #: Workflows that were ended on purpose.
        self.ended: list[str] = []
        self._stack = AsyncExitStack()
        self._http = [
            httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=15, trust_env=False) for url in site.urls
        ]  # fmt: skip

    async def start(self) -> None:
        """Run the far sides, and set channels, addresses, the subscription and the receivers."""
        engine = self.site.engine
        for id_, inbox, on_lost in (("hook", self.hook, "repeat"), ("gateway", self.gateway, "hold")):
            side = await self._stack.enter_async_context(running_far_side(inbox.answer))
            await add_channel(engine, id_, side.url("/in"), on_lost=on_lost, **PATIENT)
        async with engine.begin() as connection:
            for name in TOLD:
                await connection.execute(_ADDRESS, {"id": derived_id("address", name), "p": person_id(name)})
            await connection.execute(_HOOK, {"id": HOOK_ID, "kinds": list(HOOKED), "grid": PARK})
        for name, one in self.departments.items():
            side = await self._stack.enter_async_context(running_far_side(one.answer))
            body = {"name": name, "department": name, "kind": "web_service", "url": side.url("/cases"),
                    "dedupes": one.system.dedupes}  # fmt: skip
            body |= {"query_url": side.url("/cases?key={key}")} if one.asked else {}
            answer = await self._http[0].put(
                f"/admin/receivers/{name}", json=body, headers=self.site.headers("admin")
            )  # fmt: skip
            assert answer.status_code == 200, answer.text
            one.system.secret = answer.json()["secret"]

    async def close(self) -> None:
        """Stop the far sides."""
        for client in self._http:
            await client.aclose()
        await self._stack.aclose()

    def be_calm(self) -> None:
        """From now on every far side does what it should."""
        for one in (self.hook, self.gateway, *self.departments.values()):
            one.calm = True

    # --- answers --------------------------------------------------------------------------------------------------

    async def work(self, until: float) -> None:
        """Let the departments' systems answer the hand-overs that they have, until a moment (monotonic)."""
        while time.monotonic() < until:
            await asyncio.sleep(ANSWERED_EVERY)
            one = self.departments[self._luck.choice(list(self.departments))]
            if not one.system.records:
                continue
            handover = UUID(str(self._luck.choice(one.system.records[-10:])["key"]))
            kind = self._luck.choice(["received", "progress", "progress", "completed", "returned"])
            given = Given(handover, f"A-{len(self.given)}", kind)
            self.given.append(given)
            await self._give(given)
            if self._luck.random() < 0.2:
                await self._give(given)

    async def learn_outcomes(self, deadline: float) -> None:
        """Give every answer again whose outcome is unknown, as a far side does."""
        while still := [one for one in self.given if one.open]:
            assert time.monotonic() < deadline, f"answers without an outcome: {still}"
            for one in still:
                await self._give(one)
            await asyncio.sleep(0.2)

    async def _give(self, given: Given) -> None:
        secret = next(
            one.system.secret
            for one in self.departments.values()
            if any(record["key"] == str(given.handover) for record in one.system.records)
        )
        content = json.dumps({"answer_id": given.answer_id, "kind": given.kind, "text": "已处理"}).encode()
        timestamp = str(int(datetime.now(UTC).timestamp()))
        headers = {
            "content-type": "application/json",
            "x-gridloop-signature": f"t={timestamp},v1={sign(secret, timestamp, content)}",
        }
        self.ledger.requests[f"answer {given.kind}"] += 1
        path = f"/handovers/{given.handover}/answer"
        try:
            answer = await self._luck.choice(self._http).post(path, content=content, headers=headers)
        except httpx.TransportError:
            given.answers.append(UNANSWERED)
            return
        if answer.status_code >= 500:
            given.answers.append(UNANSWERED)
            if answer.status_code not in (503, 507):
                self.ledger.faulty.append(f"{path}: {answer.status_code} {answer.text[:300]}")
            return
        given.answers.append(answer.status_code)
        if answer.status_code != 200:
            return
        told = answer.json()["recorded_as"]
        if given.recorded_as not in (None, told):
            self.ledger.faulty.append(f"{path}: recorded as {given.recorded_as}, then as {told}")
        given.recorded_as = told

    # --- people -----------------------------------------------------------------------------------------------------

    async def settle_list(self) -> None:
        """Do what people do about the reconciliation list: find out whether the far side has the case, and say so."""
        http, headers = self._http[0], self.site.headers("supervisor")
        listed = await http.get("/handovers", headers=headers)
        for line in listed.json()["items"] if listed.status_code == 200 else ():
            has = any(
                record["key"] == line["id"] for one in self.departments.values() for record in one.system.records
            )  # fmt: skip
            decision = "received" if has else "send_again"
            answer = await http.post(f"/handovers/{line['id']}/settle/{decision}", headers=headers)
            self.ledger.requests[f"settle {line['status']}: {decision} {answer.status_code}"] += 1

    # --- workflows that go missing --------------------------------------------------------------------------------

    async def end_workflows(self, until: float) -> None:
        """End the workflows of a send and of a hand-over that are under way: the audit has to notice."""
        names = {"send": _ON_ITS_WAY, "handover": _UNDER_WAY}
        while names and time.monotonic() < until:
            await asyncio.sleep(0.3)
            for kind, query in list(names.items()):
                try:
                    async with self.site.engine.connect() as connection:
                        found = await connection.scalar(query)
                    if found is None:
                        continue
                    id_ = send_workflow_id(found) if kind == "send" else f"handover-{found}"
                    await (await self.site.temporal()).get_workflow_handle(id_).terminate("ended by the load")
                except (RPCError, OSError, RuntimeError) as error:
                    self.ledger.requests[f"end {kind}: {type(error).__name__}"] += 1
                    continue
                self.ended.append(id_)
                del names[kind]
