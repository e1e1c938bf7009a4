"""What is planted for the matrix, and how it is asked for."""

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from doors.session import COOKIE
from infra.database import transaction
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from tests.api.harness import ApiHarness, a_picture
from tests.api.test_bad_matters import POLICY, STORIES
from tests.builders import LABOUR, MICRO, PARK, add_people, person_id, publish
from tests.matrix.expected import CROWD

MARK = "标记七九四三"
UNKNOWN = "00000000-0000-7000-8000-00000000dead"
#: How many questions are asked at once: while one waits for the database, others are answered.
AT_ONCE = 6
#: How long something that must come is waited for, in seconds.
WAITED = 30.0


@dataclass
class World:
    """What was planted: the numbers of the case and the matters, and the values of the parameters of paths."""

    harness: ApiHarness
    case_no: str
    values: dict[str, str]
    codes: dict[MatterKind, str] = field(default_factory=dict)
    #: Ids by the part of a path that they belong to.
    ids: dict[str, str] = field(default_factory=dict)
    _seen: dict[tuple[str, str], "Seen"] = field(default_factory=dict)

    def fill(self, address: str, /, **known: str) -> str:
        """The path with the values of what was planted, or with those given."""
        ids = {name: id_ for part, id_ in self.ids.items() if f"/{part}/" in address for name in ("id", "id_")}
        return re.sub(r"{(\w+)(:path)?}", lambda found: {**self.values, **ids, **known}[found[1]], address)

    async def see(self, username: str, path: str) -> "Seen":
        """What somebody is answered to a GET: each is asked once, whichever test wants it."""
        if (username, path) not in self._seen:
            answer = await ask(self.harness, username, "GET", path)
            self._seen[username, path] = Seen(answer.status_code, answer.text, readable(answer))
        return self._seen[username, path]

    async def look(self, username: str, paths: Iterable[str]) -> None:
        """Ask for all of these paths that were not asked for yet, several at once; `see` then has the answers."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(path: str) -> None:
            async with gate:
                await self.see(username, path)

        await asyncio.gather(*(one(path) for path in dict.fromkeys(paths)))


@dataclass(frozen=True)
class Seen:
    """An answer; `content`: everything that can be read in it, within a workbook or archive too."""

    status: int
    body: str
    content: str

    def without(self, *names: str) -> tuple[int, str]:
        """The answer without the names that were asked for."""
        words = self.body
        for name in names:
            words = words.replace(name, "…")
        return self.status, re.sub(r'"instance": ?"[^"]*"', "", words)


def readable(answer: httpx.Response) -> str:
    """The text of an answer; of a workbook or an archive that of every file within it."""
    if not answer.content.startswith(b"PK\x03\x04"):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def headers_of(harness: ApiHarness, username: str | None) -> dict[str, str]:
    """What a browser and a program of somebody send, in one; None: of nobody."""
    headers = {"X-Request-ID": "00000000-0000-7000-8000-000000000001", "X-Gridloop": "1"}
    if username is not None:
        headers |= harness.signed_in(username)
        headers["Cookie"] = f"{COOKIE}={headers['Authorization'].removeprefix('Bearer ')}"
        headers["Origin"] = "http://gridloop.test"
    return headers


async def ask(
    harness: ApiHarness, username: str | None, method: str, path: str, *, body: Any = None, form: Any = None
) -> httpx.Response:
    """The answer to a request of somebody, or of nobody."""
    url = f"http://gridloop.test{path}"
    return await harness.http.request(method, url, headers=headers_of(harness, username), json=body, data=form)


async def plant_people(harness: ApiHarness) -> None:
    """The people of the crowd, one of them with an interest in the first micro-grid."""
    async with transaction(harness.engine) as connection:
        await publish(connection, POLICY, version=3)
        await add_people(connection, *CROWD)
        await connection.execute(
            text(
                "INSERT INTO interests (id, person, kind, target, since, reason)"
                " VALUES (:id, :person, 'unit', :unit, '2024-01-01', '亲属')"
            ),
            {"id": uuid4(), "person": person_id("partner"), "unit": MICRO},
        )


async def plant(harness: ApiHarness) -> World:
    """The case, a matter of every kind, and what people keep of their own."""
    photo = await harness.upload("worker", a_picture("#794300"))
    view = await harness.report(title=f"{MARK}案", description=f"{MARK}述", attachments=[photo], source="grid_worker")
    no = view["case_no"]
    await harness.do("duty", no, "accept", note=f"{MARK}记")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    for _ in range(3):  # failed so often, it is on the list for the monthly consultation
        await harness.do("labour_head", no, "complete", result="已办")
        await harness.do("reviewer", no, "fail_review", reason="未到位")
    planted = World(
        harness, no,
        {"case_no": no, "report_id": view["report_id"], "sha256": photo, "command": "comment", "number": "1",
         "username": "duty", "subject": "person", "section": "limits", "id": UNKNOWN, "id_": UNKNOWN,
         "duty": UNKNOWN, "code": MICRO, "path": "enterprises", "token": "x",
         "format": "csv", "key": "nothing", "decision": "received"},
    )  # fmt: skip
    for kind, story in STORIES.items():
        by, name, body = story[0]
        path = f"/cases/{no}/emergencies" if name == "begin" else f"/{PATHS[kind]}"
        answer = await harness.send(by, path, body)
        assert answer.status_code == 201, f"{kind}: {answer.text}"
        planted.codes[kind] = answer.json()["code"]
    await _plant_own(harness, planted)
    return planted


async def _plant_own(harness: ApiHarness, planted: World) -> None:
    """A bulletin of the park in which the case stands; a view, an export and a token of `duty`."""
    made = await harness.send("supervisor", "/supervision/bulletins", {"kind": "consultation", "grid": PARK})
    assert made.status_code == 200, made.text
    planted.ids["bulletins"] = made.json()[0]["id"]
    asked = await harness.send("duty", "/exports", {"kind": "cases"})
    assert asked.status_code == 202, asked.text
    planted.ids["exports"] = asked.json()["id"]
    token = await harness.send("duty", "/me/tokens", {"name": "x", "scopes": ["read"], "days": 1})
    assert token.status_code == 201, token.text
    planted.ids["tokens"] = token.json()["id"]
    saved = await ask(harness, "duty", "POST", "/views", form={"name": f"{MARK}视图", "query": "q=x"})
    assert saved.status_code == 303, saved.text
    async with harness.engine.connect() as connection:
        planted.ids["views"] = str(await connection.scalar(text("SELECT id FROM saved_views")))
    planted.ids["sessions"] = (await harness.get("duty", "/me/sessions"))["items"][0]["id"]


def flat(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a command as fields of a form."""
    return {name: value if isinstance(value, str | list) else json.dumps(value) for name, value in body.items()}


class Stream:
    """What has come so far of an answer that goes on."""

    def __init__(self) -> None:
        self.text = ""
        self._more = asyncio.Condition()

    async def until(self, words: str) -> None:
        """Wait until `words` have come."""
        async with asyncio.timeout(WAITED), self._more:
            await self._more.wait_for(lambda: words in self.text)

    async def take(self, message: Any) -> None:
        """Take a message of the application."""
        async with self._more:
            self.text += message.get("body", b"").decode()
            self._more.notify_all()


@asynccontextmanager
async def following(harness: ApiHarness, username: str) -> AsyncIterator[Stream]:
    """The stream of changes of somebody, open until the block ends."""
    stream, left = Stream(), asyncio.Event()
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        for request in asked:
            return request
        await left.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": "/live", "raw_path": b"/live", "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers_of(harness, username).items()],
        "client": ("127.0.0.1", 1), "server": ("gridloop.test", 80),
    }  # fmt: skip
    running = asyncio.create_task(harness.app(scope, receive, stream.take))
    try:
        await stream.until(": open")
        yield stream
    finally:
        left.set()
        await running
