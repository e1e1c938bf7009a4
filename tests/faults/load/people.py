"""Simulated people: each looks at cases and does what they allow, reports, reads meters; whatever the system does."""

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from models.credit_code import check_character
from models.ids import new_id
from tests.api.harness import RUSHED, a_picture
from tests.builders import COMMUNITY, GRID, MICRO, MICRO_2
from tests.faults.load.ledger import UNANSWERED, Ledger, Sending, Subject
from tests.faults.load.site import Site
from tests.rules.choices import About, a_command, chosen

#: Who is at work: every role, the busy ones more than once.
STAFF = (
    "worker", "reporter", "duty", "duty_2", "community_duty", "fire_handler", "fire_handler_2", "fire_head",
    "labour_handler", "labour_head", "environment_handler", "environment_head", "reviewer", "supervisor",
    "community_supervisor",
)  # fmt: skip
#: What would end every case within seconds, when so many hands are at so few cases.
ENDINGS = frozenset({"withdraw", "void", "reject", "merge", "self_close"})
#: Seconds after which a person gives an answer up.
PATIENCE = 15.0
METRIC = {"code": "voc", "name": "VOC", "unit": "mg/m³", "above": 2.0, "category": "0201"}
#: Who gets cases of a category, and seconds between two cases that are meant for a department's system.
HOSTS, HANDED_OVER_EVERY = {"0103": "fire", "0201": "labour", "0302": "environment"}, 1.5
#: Every so many cases a person works on older ones no more, so that those at hand stay lively.
AT_HAND = 30


class People:
    """All of them, with what they know together: numbers of cases, matters, files."""

    #: Answers of 5xx that say to send again; any other is a fault.
    retriable = frozenset({503, 507})

    def __init__(self, site: Site, ledger: Ledger, seed: int) -> None:
        self.site, self.ledger, self.seed = site, ledger, seed
        self.numbers: dict[str, str] = {}
        self.files: dict[str, list[str]] = {}
        self.enterprises: dict[str, str] = {}
        self.stations: dict[str, str] = {}
        self.clients = [
            httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=PATIENCE, trust_env=False) for url in site.urls
        ]

    async def close(self) -> None:
        """Close the connections."""
        for client in self.clients:
            await client.aclose()

    async def work(self, place: int, until: float) -> None:
        """One person at work until the moment `until` (monotonic)."""
        luck, username = random.Random(f"{self.seed}:{place}"), STAFF[place % len(STAFF)]
        while time.monotonic() < until:
            await self._do_something(luck, username)
            await asyncio.sleep(luck.uniform(0.0, 0.3))

    async def _do_something(self, luck: random.Random, username: str) -> None:
        what = luck.random()
        if username in ("worker", "reporter", "duty") and (what < 0.25 or not self.numbers):
            await self.report(luck, username)
        elif what < 0.35:
            await self.resend(luck, username)
        elif what < 0.5:
            await self.work_on_matter(luck, username)
        elif self.numbers:
            await self.act(luck, username)

    # --- sending ------------------------------------------------------------------------------------------------

    async def send(self, sending: Sending, luck: random.Random, headers: dict[str, str] | None = None) -> Any:
        """Send it through one of both APIs, now and then twice at once, and note the answers. Return the last JSON."""
        self.ledger.add(sending)
        times = 2 if luck.random() < 0.1 else 1
        told = {**(headers or self.site.headers(sending.person)), "Idempotency-Key": str(sending.id)}
        found = await asyncio.gather(*(self._post(sending, luck.choice(self.clients), told) for _ in range(times)))
        return next((one for one in found if one is not None), None)

    async def send_once(self, sending: Sending) -> None:
        """Send it once more, through the first API."""
        headers = self.headers_of(sending) or self.site.headers(sending.person)
        await self._post(sending, self.clients[0], {**headers, "Idempotency-Key": str(sending.id)})

    async def _post(self, sending: Sending, client: httpx.AsyncClient, headers: dict[str, str]) -> Any:
        self.ledger.requests[f"{sending.subject} {sending.name}"] += 1
        try:
            answer = await client.post(sending.path, json=sending.body, headers=headers)
        except httpx.TransportError:
            sending.answers.append(UNANSWERED)
            return None
        return self._note(sending, answer)

    def _note(self, sending: Sending, answer: httpx.Response) -> Any:
        if answer.status_code >= 500:
            sending.answers.append(UNANSWERED)
            sending.codes[str(answer.status_code)] += 1
            if answer.status_code not in self.retriable:
                self.ledger.faulty.append(f"{sending.path}: {answer.status_code} {answer.text[:300]}")
            return None
        sending.answers.append(answer.status_code)
        told = answer.json()
        if answer.status_code >= 400:
            sending.codes[str(told.get("code"))] += 1
            return None
        if answer.status_code != 202 and "revision" in told:
            sending.revision = told["revision"]
        return told

    async def resend(self, luck: random.Random, username: str) -> None:
        """Send something again of which one does not know the outcome, or, now and then, of which one does."""
        mine = [one for one in self.ledger.sendings.values() if one.person == username and not one.abandoned]
        if not mine:
            return
        unknown = [one for one in mine if one.open]
        known = [one for one in mine[-20:] if not one.open and one.subject is not Subject.READINGS]
        for one in luck.sample(unknown, min(3, len(unknown))) or luck.sample(known, min(1, len(known))):
            if one.open and luck.random() < 0.05:
                one.abandoned = True
                continue
            self.learn(one, await self.send(one, luck, self.headers_of(one)))

    def headers_of(self, sending: Sending) -> dict[str, str] | None:
        """A station has a key of its own."""
        key = self.stations.get(sending.target) if sending.subject is Subject.READINGS else None
        return {"Authorization": f"Bearer {key}"} if key else None

    def learn(self, sending: Sending, told: Any) -> None:
        """What an answer tells about numbers."""
        if told is None:
            return
        if sending.subject is Subject.REPORT and "stage" in told:
            self.numbers[told["case_no"]] = str(sending.id)
        if sending.name == "register" and "code" in told:
            self.enterprises[told["code"]] = str(sending.id)

    # --- cases --------------------------------------------------------------------------------------------------

    async def report(self, luck: random.Random, username: str) -> None:
        """Report something, with or without a file and a reporter."""
        source = {"worker": "grid_worker", "reporter": "resident", "duty": "hotline"}[username]
        id_ = _drawn(luck)
        body: dict[str, Any] = {
            "report_id": str(id_), "category": luck.choice(["0103", "0201", "0302", RUSHED, RUSHED]), "title": "有情况",
            "grid": luck.choice([MICRO, MICRO_2]), "source": source,
        }  # fmt: skip
        if luck.random() < 0.3:
            file = await self.upload(luck, username)
            body |= {"attachments": [file]} if file else {}
        if username == "duty" and luck.random() < 0.6:
            body["reporter"] = {"name": f"王{luck.randrange(1000)}", "phone": f"139{luck.randrange(10**8):08d}"}
        sending = Sending(id_, Subject.REPORT, "report", str(id_), username, "/cases", body)
        self.learn(sending, await self.send(sending, luck))

    async def upload(self, luck: random.Random, username: str) -> str | None:
        """Upload a picture that nobody has uploaded before; its hash when that was acknowledged."""
        colour = f"#{luck.randrange(2**24):06x}"
        client, headers = luck.choice(self.clients), self.site.headers(username)
        self.ledger.requests["upload"] += 1
        try:
            answer = await client.post(
                "/attachments", files={"file": ("p.png", a_picture(colour), "image/png")}, headers=headers
            )
        except httpx.TransportError:
            return None
        if answer.status_code not in (200, 201):
            if answer.status_code not in self.retriable:
                self.ledger.faulty.append(f"/attachments: {answer.status_code} {answer.text[:300]}")
            return None
        sha = str(answer.json()["sha256"])
        self.ledger.files[sha] = username
        self.files.setdefault(username, []).append(sha)
        return sha

    async def act(self, luck: random.Random, username: str) -> None:
        """Look at a case, and do one or two things that it allows: two at once, in whatever order they arrive."""
        no = luck.choice(list(self.numbers)[-AT_HAND:])
        view = await self.look(luck, username, f"/cases/{no}")
        if view is None or not view["allowed_commands"]:
            return
        commands = [self._command(luck, username, view) for _ in range(2 if luck.random() < 0.15 else 1)]
        await asyncio.gather(*(self.send(one, luck) for one in commands if one is not None))

    async def look(self, luck: random.Random, username: str, path: str) -> Any:
        """The JSON of a GET, or None when it is hidden or nobody answers."""
        self.ledger.requests["look"] += 1
        try:
            answer = await luck.choice(self.clients).get(path, headers=self.site.headers(username))
        except httpx.TransportError:
            return None
        if answer.status_code == 500:
            self.ledger.faulty.append(f"GET {path}: {answer.text[:300]}")
        return answer.json() if answer.status_code == 200 else None

    def _command(self, luck: random.Random, username: str, view: dict[str, Any]) -> Sending | None:
        kind = chosen(view["allowed_commands"], luck)
        if (kind in ENDINGS and luck.random() < 0.8) or kind in ("link_enterprise", "adopt"):
            return None
        now = datetime.now(UTC)
        due_at = datetime.fromisoformat(view["due_at"]) if view.get("due_at") else None
        about = About(tuple(self.numbers), due_at, tuple(view.get("absorbed", ())))
        body = a_command(kind, luck, now, about).model_dump(mode="json", exclude={"kind"}, exclude_none=True)
        if kind == "urge":
            body["reply_by"] = (now + timedelta(seconds=luck.uniform(2, 20))).isoformat()
        mine = self.files.get(username, [])
        for name in ("attachments", "evidence"):
            if name in body:
                body[name] = [luck.choice(mine)] if mine else []
        if kind == "attach" and not body["attachments"]:
            return None
        target, no = str(view["report_id"]), view["case_no"]
        return Sending(_drawn(luck), Subject.COMMAND, kind, target, username, f"/cases/{no}/commands/{kind}", body)

    async def hand_over(self, until: float) -> None:
        """Until a moment (monotonic), report cases and dispatch them to the departments, whose systems get them."""
        luck = random.Random(f"{self.seed}:hand-overs")
        while time.monotonic() < until:
            await asyncio.sleep(HANDED_OVER_EVERY)
            id_, category = _drawn(luck), luck.choice(["0103", "0201", "0302"])
            body: dict[str, Any] = {"report_id": str(id_), "category": category, "title": "移交", "grid": MICRO}
            sending = Sending(id_, Subject.REPORT, "report", str(id_), "worker", "/cases", body)
            told = await self.send(sending, luck)
            if told is None or "case_no" not in told:
                continue
            for kind, more in (("accept", {}), ("dispatch", {"host": HOSTS[category]})):
                path = f"/cases/{told['case_no']}/commands/{kind}"
                await self.send(Sending(_drawn(luck), Subject.COMMAND, kind, str(id_), "duty", path, dict(more)), luck)

    # --- matters ------------------------------------------------------------------------------------------------

    async def work_on_matter(self, luck: random.Random, username: str) -> None:
        """Register an enterprise or comment on one, report a duty, or send readings of a station."""
        what = luck.random()
        if username == "duty" and what < 0.4:
            code = f"91110000{luck.randrange(10**9):09d}"
            code += check_character(code)
            id_ = _drawn(luck)
            body: dict[str, Any] = {"code": code, "name": "东方印染有限公司", "grid": GRID}
            sending = Sending(id_, Subject.MATTER, "register", str(id_), username, "/enterprises", body)
            self.learn(sending, await self.send(sending, luck))
        elif self.enterprises and username in ("duty", "duty_2", "supervisor") and what < 0.7:
            code, target = luck.choice(list(self.enterprises.items()))
            path, body = f"/enterprises/{code}/commands/comment", {"note": "走访"}
            await self.send(Sending(_drawn(luck), Subject.MATTER, "comment", target, username, path, body), luck)
        elif username == "worker" and what < 0.8:
            await self._report_duty(luck, username)
        elif self.stations and luck.random() < 0.4:
            await self._read_meter(luck, username)

    async def _report_duty(self, luck: random.Random, username: str) -> None:
        found = await self.look(luck, username, "/duties?limit=200")
        to_do = [one for one in (found or {}).get("items", []) if one["status"] == "due"]
        if to_do:
            id_ = luck.choice(to_do)["id"]
            # Words of its own: a duty reported again in the same words is answered as done.
            path, body = f"/duties/{id_}/report", {"note": f"已查 {luck.getrandbits(40):x}"}
            await self.send(Sending(_drawn(luck), Subject.DUTY, "report_duty", str(id_), username, path, body), luck)

    async def _read_meter(self, luck: random.Random, username: str) -> None:
        code, key = luck.choice(list(self.stations.items()))
        at = datetime.now(UTC) - timedelta(seconds=1)
        values = [(at - timedelta(milliseconds=100 * n), luck.choice([1.0, 1.0, 3.0])) for n in range(5)]
        readings = [{"metric": "voc", "at": moment.isoformat(), "value": value} for moment, value in values]
        path = f"/stations/{code}/readings"
        sending = Sending(_drawn(luck), Subject.READINGS, "readings", code, username, path, {"readings": readings})
        await self.send(sending, luck, {"Authorization": f"Bearer {key}"})

    async def prepare(self) -> None:
        """Before the first fault: two stations, and a plan whose duties fall due within the run."""
        luck, client = random.Random(self.seed), self.clients[0]
        for number in (1, 2):
            code, headers = f"S-{number}", self.site.headers("duty")
            body = {"code": code, "name": code, "grid": MICRO, "medium": "air", "metrics": [METRIC]}
            id_ = new_id()
            sending = self.ledger.add(Sending(id_, Subject.MATTER, "register", str(id_), "duty", "/stations", body))
            answer = await client.post("/stations", json=body, headers={**headers, "Idempotency-Key": str(id_)})
            assert answer.status_code == 201, answer.text
            self._note(sending, answer)
            path = f"/stations/{code}/key"
            key = self.ledger.add(Sending(new_id(), Subject.MATTER, "rotate_key", str(id_), "duty", path, {}))
            given = await client.post(path, headers={**headers, "Idempotency-Key": str(key.id)})
            assert given.status_code == 200, given.text
            self._note(key, given)
            self.stations[code] = str(given.json()["key"])
        await self.report(luck, "worker")
        assert self.numbers, "the first report was not acknowledged"

    async def plan(self, places: int, seconds: float) -> None:
        """A plan whose duties are due some minutes from now; the last half of them nobody reports."""
        begins = datetime.now(UTC) + timedelta(seconds=seconds, hours=8)
        body = {
            "name": "班前检查", "grid": COMMUNITY, "work": "pre_shift", "workers": {"role": "grid_worker"},
            "places": [{"grid": (MICRO, MICRO_2)[n % 2], "name": f"车间 {n}"} for n in range(places)],
            "rhythm": {"kind": "per_shift", "minutes": 1, "shifts": [{"name": "当班", "begins": f"{begins:%H:%M}"}]},
            "plant_days": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True}, "until": f"{begins:%Y-%m-%d}",
        }  # fmt: skip
        id_ = new_id()
        sending = self.ledger.add(Sending(id_, Subject.MATTER, "make_plan", str(id_), "supervisor", "/plans", body))
        headers = {**self.site.headers("supervisor"), "Idempotency-Key": str(id_)}
        answer = await self.clients[0].post("/plans", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        self._note(sending, answer)


def _drawn(luck: random.Random) -> UUID:
    """An id drawn from the seed, so that a repeated run sends the same ids as far as it goes the same way."""
    return UUID(int=luck.getrandbits(128), version=4)
