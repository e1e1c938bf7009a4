"""Attachments in a folder and in a bucket that several processes share: one contract for both."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from doors.dependencies import Services
from infra.database import transaction
from infra.settings import Settings
from models.errors import AttachmentAltered
from models.tables import CaseRow
from services.attachments import checking
from services.attachments.checking import check_attachments
from services.attachments.listing import PREFIXES
from services.attachments.store import Attachments, attachments_of, copy_name, name_of
from services.attachments.sweep import FEW, sweep_files, sweep_store, sweep_unregistered
from services.attachments.thumbnails import Size
from services.runtime.resources import Resources
from tests.api.apps import shared_api
from tests.api.conftest import SignedIn
from tests.api.harness import PDF, a_picture
from tests.api.test_attachments import a_case_row
from tests.builders import small_park
from tests.s3 import S3Server, small_files

URL = "/api/v1/attachments"
CLIP = (Path(__file__).parents[1] / "services" / "attachments" / "clip.mov").read_bytes()
LATER = timedelta(days=8)

#: Opens a client of a process of its own; the arguments replace settings.
OpenApi = Callable[..., httpx.AsyncClient]


@dataclass(frozen=True)
class Shared:
    """Two processes with data directories of their own and one store."""

    settings: Settings
    open: OpenApi
    first: httpx.AsyncClient
    second: httpx.AsyncClient
    headers: dict[str, str]

    @property
    def store(self) -> Attachments:
        return attachments_of(self.settings)

    async def upload(self, content: bytes, client: httpx.AsyncClient | None = None) -> str:
        answer = await self.send(content, client)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["sha256"])

    async def send(self, content: bytes, client: httpx.AsyncClient | None = None) -> httpx.Response:
        files = {"file": ("a", content, "image/png")}
        return await (client or self.first).post(URL, files=files, headers=self.headers)

    async def get(self, path: str, client: httpx.AsyncClient | None = None) -> httpx.Response:
        return await (client or self.second).get(f"{URL}/{path}", headers=self.headers)

    async def get_with(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.second.get(f"{URL}/{path}", headers=self.headers | named)

    def parts(self, *hashes: str) -> Sequence[str]:
        """The parts of the store to look at: all of a folder; of a bucket, where each costs a request, those of the
        files. `test_a_day_of_runs_looks_at_the_whole_store` looks at all parts of both."""
        return sorted({sha256[:2] for sha256 in hashes}) if self.settings.s3_endpoint else PREFIXES

    async def names(self) -> list[str]:
        listed = [one.name async for one in self.store.objects.list("")]
        return [name for name in listed if not name.startswith("incoming/")]


@pytest.fixture(params=["folder", "bucket"])
async def shared(
    request: pytest.FixtureRequest, services: Services, signed_in: SignedIn, tmp_path: Path
) -> AsyncIterator[Shared]:
    await small_park(services.engine)
    changes: dict[str, Any] = {"attachments": str(tmp_path / "shared")}
    if request.param == "bucket":
        server: S3Server = request.getfixturevalue("s3")
        changes = {"attachments": server.place(tmp_path.name), **server.options}
    async with AsyncExitStack() as stack:
        opened: list[httpx.AsyncClient] = []

        def open_api(**more: Any) -> httpx.AsyncClient:
            data_dir = tmp_path / f"data-{len(opened)}"
            values = {**services.settings.model_dump(), **changes, **more, "data_dir": data_dir}
            settings = Settings.model_validate(values)
            app = shared_api(Services(Resources(settings, services.engine, services.temporal)), len(opened))
            transport = httpx.ASGITransport(app)
            client = httpx.AsyncClient(transport=transport, base_url="http://gridloop.test")
            opened.append(client)
            stack.push_async_callback(client.aclose)
            return client

        first, second = open_api(), open_api()
        settings = Settings.model_validate({**services.settings.model_dump(), **changes})
        yield Shared(settings, open_api, first, second, signed_in("worker"))


async def test_what_one_process_stores_another_shows(shared: Shared, tmp_path: Path) -> None:
    content = a_picture("#123")
    sha256 = await shared.upload(content)
    assert await shared.upload(content, shared.second) == sha256
    seen = await shared.get(sha256)
    assert (seen.status_code, hashlib.sha256(seen.content).hexdigest()) == (200, sha256)
    assert seen.headers["content-length"] == str(len(seen.content))
    assert (await shared.get_with(sha256, if_none_match=seen.headers["etag"])).status_code == 304
    small = await shared.get(f"{sha256}/thumbnail?size=icon")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(small.content)) as image:
        assert image.format == "WEBP"
    again = await shared.get(f"{sha256}/thumbnail?size=icon", shared.first)
    assert again.content == small.content
    assert await shared.names() == [name_of(sha256), copy_name(sha256, Size.ICON)]
    assert not [one for one in tmp_path.rglob("incoming/*")]


async def test_a_film_is_read_in_ranges(shared: Shared) -> None:
    sha256 = await shared.upload(CLIP)
    whole = (await shared.get(sha256)).content
    for asked, start, end in (("0-99", 0, 100), ("1000-", 1000, len(whole)), ("-10", len(whole) - 10, len(whole))):
        part = await shared.get_with(sha256, range=f"bytes={asked}")
        assert (part.status_code, part.content) == (206, whole[start:end]), asked
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"
    several = await shared.get_with(sha256, range="bytes=0-1,5-6")
    assert several.status_code == 206
    assert whole[5:7] in several.content
    assert (await shared.get_with(sha256, range=f"bytes={len(whole)}-")).status_code == 416
    older = await shared.get_with(sha256, range="bytes=0-1", if_range='"another"')
    assert (older.status_code, older.content) == (200, whole)


async def test_what_is_lost_or_changed_is_told(shared: Shared) -> None:
    sha256, other = await shared.upload(PDF), await shared.upload(a_picture("#456"))
    stored = await shared.store.objects.get(name_of(sha256))
    assert stored is not None
    await shared.store.objects.delete(name_of(sha256))
    lost = await shared.get(sha256)
    assert (lost.status_code, lost.json()["code"]) == (503, "attachment_lost")
    await shared.store.objects.put(name_of(sha256), stored + b"!")
    changed = await shared.get(sha256)
    assert (changed.status_code, changed.json()["code"]) == (503, "attachment_altered")
    await shared.store.objects.delete(name_of(sha256))
    await shared.store.objects.put(name_of(sha256), b"!" + stored[1:])
    with pytest.raises(RuntimeError) as broken:  # the connection breaks before the last part
        await shared.get(sha256)
    assert isinstance(broken.value.__cause__, AttachmentAltered)
    assert (await shared.get_with(sha256, range="bytes=1-2")).content == stored[1:3]
    assert (await shared.get(other)).status_code == 200
    assert await shared.upload(PDF) == sha256  # of the same size: only its reading tells it
    await shared.store.objects.delete(name_of(sha256))
    await shared.store.objects.put(name_of(sha256), b"short")
    assert await shared.upload(PDF) == sha256
    assert (await shared.get(sha256)).content == stored, "the upload has mended it"


@pytest.mark.parametrize("why", ["away", "refused", "missing", "full"])
async def test_a_store_that_fails_is_told_and_nothing_is_half_stored(
    shared: Shared, why: str, engine: AsyncEngine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    bucket = "bucket" in request.node.callspec.id
    if not bucket and why in ("refused", "missing"):
        pytest.skip("a folder knows no keys, and is made when it is missing")
    known = await shared.upload(a_picture("#777"))
    before = await shared.names()
    during: Any = nullcontext()
    client = shared.first
    status, code, state = 503, f"attachments_{why}", "away"
    if why == "away":
        (tmp_path / "file").write_text("")
        elsewhere = {"s3_endpoint": "http://127.0.0.1:9"} if bucket else {"attachments": str(tmp_path / "file")}
        client = shared.open(**elsewhere)
    elif why == "refused":
        during, state = request.getfixturevalue("s3").refusing(), "missing"
    elif why == "missing":
        client, code, state = shared.open(attachments="s3://no-such-bucket/x"), "attachments_refused", "missing"
    else:
        during, status, code, state = small_files(), 507, "storage_full", "ok"
    with during:
        sent = await shared.send(PDF if why != "full" else CLIP, client)
        assert (sent.status_code, sent.json()["code"]) == (status, code), sent.text
        assert why == "full" or int(sent.headers["retry-after"]) > 0
        if why != "full":
            seen = await shared.get(known, client)
            assert (seen.status_code, seen.json()["code"]) == (503, code)
            small = await shared.get(f"{known}/thumbnail", client)
            assert (small.status_code, small.json()["code"]) == (503, code)
        ready = (await client.get("/readyz")).json()
        assert ready["parts"]["attachments"] == state
        assert "attachments" not in ready["detail"], "all but files goes on"
        assert (await client.get("/api/v1/cases", headers=shared.headers)).status_code == 200
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT sha256 FROM attachments"))).scalars().all()
    assert list(rows) == [known]
    assert await shared.names() == before
    assert not [one for one in tmp_path.rglob("incoming/*")]
    assert await shared.upload(CLIP)


async def _age(engine: AsyncEngine, sha256: str, age: timedelta) -> None:
    async with transaction(engine) as connection:
        await connection.execute(
            text("UPDATE pending_uploads SET uploaded_at = :at WHERE sha256 = :sha256"),
            {"sha256": sha256, "at": datetime.now(UTC) - age},
        )


async def _forget(engine: AsyncEngine, *hashes: str) -> None:
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM attachments WHERE sha256 = ANY (:all)"), {"all": list(hashes)})


async def test_what_nothing_names_is_swept(shared: Shared, engine: AsyncEngine) -> None:
    old, fresh, unknown = [await shared.upload(a_picture(f"#0000{n}")) for n in (10, 11, 12)]
    await shared.get(f"{old}/thumbnail")
    await shared.get(f"{unknown}/thumbnail")
    await _age(engine, old, LATER)
    await _forget(engine, unknown)
    await shared.store.objects.put("ab/notes.txt", b"of somebody else")
    now, keep = datetime.now(UTC), shared.settings.unnamed_retention
    assert keep == timedelta(days=7)
    parts = shared.parts(old, fresh, unknown, "ab")
    assert await sweep_unregistered(engine, shared.store, now - keep, parts) == 0, "too young"
    assert await sweep_files(engine, shared.store, now - keep) == 1
    assert await sweep_unregistered(engine, shared.store, now + timedelta(minutes=1), parts) == 1
    assert await shared.names() == sorted([name_of(fresh), "ab/notes.txt"])
    assert (await shared.get(old)).status_code == 404
    assert await shared.upload(a_picture("#000012")) == unknown
    assert (await shared.get(unknown)).status_code == 200


async def test_a_day_of_runs_looks_at_the_whole_store(shared: Shared, engine: AsyncEngine) -> None:
    hashes = [await shared.upload(a_picture(f"#0a00{n}")) for n in range(10, 13)]
    await _forget(engine, *hashes)
    noon, keep = datetime.now(UTC) + LATER, shared.settings.unnamed_retention
    swept = [await sweep_store(engine, shared.store, noon + timedelta(minutes=10 * run), keep) for run in range(128)]
    assert sum(swept) == len(hashes)
    assert await shared.names() == []


async def test_a_database_that_knows_too_little_removes_nothing(shared: Shared, engine: AsyncEngine) -> None:
    for number in range(FEW + 1):
        await shared.store.objects.put(name_of(f"ab{number:062}"), b"x")
    assert await sweep_unregistered(engine, shared.store, datetime.now(UTC) + LATER, shared.parts("ab")) == 0
    assert len(await shared.names()) == FEW + 1


async def test_what_a_case_names_stays_without_its_row(shared: Shared, engine: AsyncEngine) -> None:
    sha256 = await shared.upload(a_picture("#0b0b0b"))
    await _forget(engine, sha256)
    async with transaction(engine) as connection:
        await connection.execute(insert(CaseRow), [a_case_row([sha256])])
    assert await sweep_unregistered(engine, shared.store, datetime.now(UTC) + LATER, shared.parts(sha256)) == 0
    assert await shared.names() == [name_of(sha256)]


async def test_sweeping_and_uploading_at_once_loses_nothing(shared: Shared, engine: AsyncEngine) -> None:
    content = a_picture("#0c0c0c")
    sha256 = await shared.upload(content)
    for number in range(8):
        later = datetime.now(UTC) + timedelta(minutes=1)
        if number % 2:
            await _forget(engine, sha256)
            sweep = sweep_unregistered(engine, shared.store, later, [sha256[:2]])
        else:
            await _age(engine, sha256, LATER)
            sweep = sweep_files(engine, shared.store, datetime.now(UTC) - timedelta(days=7))
        await asyncio.gather(sweep, shared.upload(content, shared.second))
        assert (await shared.get(sha256)).status_code == 200, number


async def test_the_check_names_what_is_wrong(
    shared: Shared, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = [await shared.upload(a_picture(f"#0d00{n}")) for n in range(10, 15)]
    whole, missing, damaged, short, orphan = hashes
    monkeypatch.setattr(checking, "PREFIXES", shared.parts(*hashes))
    await shared.get(f"{missing}/thumbnail")  # the small copy stays when the file is lost
    content = await shared.store.objects.get(name_of(damaged))
    assert content is not None
    await shared.store.objects.delete(*(name_of(one) for one in (missing, damaged, short)))
    await shared.store.objects.put(name_of(damaged), b"!" + content[1:])
    await shared.store.objects.put(name_of(short), b"!")
    await _forget(engine, orphan)

    async def check(now: datetime, *, read: bool) -> Any:
        return await check_attachments(engine, shared.store, now, read=read, at_once=3, progress=lambda *_: None)

    found = await check(datetime.now(UTC) + timedelta(hours=2), read=True)
    assert (found.files, found.missing, found.orphaned) == (4, [missing], [orphan])
    assert found.damaged == sorted([damaged, short])
    assert found.faults == 4
    quick = await check(datetime.now(UTC), read=False)
    assert (quick.missing, quick.damaged, quick.orphaned) == ([missing], [short], [])
    assert quick.faults == 2
    assert whole not in (*found.missing, *found.damaged)
