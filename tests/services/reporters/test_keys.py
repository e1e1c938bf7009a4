"""Reporters' records under their keys: sealing, both rings, the vault, changing master keys, losing them."""

import asyncio
import base64
import json
import secrets
import stat
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import open_database, transaction
from infra.keys.access import keys_of
from infra.keys.answers import SealedContentDamaged, keyed_hash, open_content, seal_content
from infra.keys.ring import FileRing, Ring, ServiceRing, WrappedKey, add_key, create_ring, remove_key
from infra.keys.sealing import Contact, Keys, open_sealed, seal
from infra.keys.vault import Vault
from infra.objects.folder import FolderObjects
from infra.settings import Settings
from infra.store.reporters import erase_reporters, insert_reporter, read_contact, restore_reporter
from infra.store.sealed_answers import find_key, make_key, need_key
from models.errors import AnswerNotKept, KeysAway
from services.reporters.keys import encrypt_clear_rows, keys_state, settle_vault, wrap_anew
from tests.s3 import S3Server

CONTACT = Contact("欧阳秘而不宣", "13987654321")
NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)


class KeyService(BaseHTTPRequestHandler):
    """A key service: its master keys never leave it."""

    masters: ClassVar[dict[str, bytes]] = {}
    token = "t" * 20

    def do_GET(self) -> None:
        self._answer({"key_id": list(self.masters)[-1]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {self.token}":
            self.send_error(403)
            return
        about = base64.b64decode(body["about"])
        if self.path == "/v1/wrap":
            id_, nonce = list(self.masters)[-1], secrets.token_bytes(12)
            sealed = nonce + AESGCM(self.masters[id_]).encrypt(nonce, base64.b64decode(body["key"]), about)
            self._answer({"key_id": id_, "wrapped": base64.b64encode(sealed).decode()})
        elif body["key_id"] in self.masters:
            sealed = base64.b64decode(body["wrapped"])
            key = AESGCM(self.masters[body["key_id"]]).decrypt(sealed[:12], sealed[12:], about)
            self._answer({"key": base64.b64encode(key).decode()})
        else:
            self.send_error(404)

    def _answer(self, content: dict[str, str]) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def key_service() -> Iterator[str]:
    KeyService.masters = {"m1": AESGCM.generate_key(256)}
    server = ThreadingHTTPServer(("127.0.0.1", 0), KeyService)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["file", "service"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> Ring:
    if request.param == "service":
        return ServiceRing(request.getfixturevalue("key_service"), KeyService.token)
    create_ring(tmp_path / "ring.json")
    return FileRing(tmp_path / "ring.json")


async def test_a_record_opens_with_its_own_key_and_in_its_own_place_only(ring: Ring, tmp_path: Path) -> None:
    keys, id_ = Keys(ring, Vault(FolderObjects(tmp_path / "vault", "test"))), uuid4()
    sealed, wrapped = await seal(keys, id_, CONTACT)
    assert await open_sealed(keys, sealed, wrapped) == CONTACT
    assert CONTACT.phone is not None
    assert CONTACT.phone not in sealed.model_dump_json()
    assert repr(CONTACT) == "Contact(…)"
    elsewhere = sealed.model_copy(update={"id": uuid4()})
    flipped = WrappedKey(wrapped.key_id, wrapped.content[:-1] + bytes([wrapped.content[-1] ^ 1]))
    other, _ = await seal(keys, id_, CONTACT)
    for record, key in ((elsewhere, wrapped), (sealed, flipped), (other, wrapped),
                        (sealed, WrappedKey("nobody", wrapped.content))):  # fmt: skip
        with pytest.raises(KeysAway):
            await open_sealed(keys, record, key)


async def test_a_key_service_that_is_away_or_refuses(key_service: str, tmp_path: Path) -> None:
    for ring in (ServiceRing(key_service, "wrong"), ServiceRing("http://127.0.0.1:9/v1")):
        with pytest.raises(KeysAway):
            await seal(Keys(ring, Vault(FolderObjects(tmp_path, "test"))), uuid4(), CONTACT)


@pytest.mark.parametrize("content", [None, "", "{}", '{"current": "k1", "keys": {}}', "[]",
                                     '{"current": "k1", "keys": {"k1": {"key": "c2hvcnQ="}}}'])  # fmt: skip
async def test_a_ring_that_is_missing_or_damaged(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(KeysAway):
        await FileRing(path).current()


async def test_the_files_are_for_our_account_alone(tmp_path: Path) -> None:
    create_ring(tmp_path / "keys" / "ring.json")
    with pytest.raises(FileExistsError):
        create_ring(tmp_path / "keys" / "ring.json")
    vault, id_ = Vault(FolderObjects(tmp_path / "vault", "test")), uuid4()
    await vault.keep(id_, WrappedKey("k1", b"x"))
    for path in (tmp_path / "keys" / "ring.json", tmp_path / "vault" / id_.hex[:2] / f"{id_}.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.fixture
async def sealing(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path
) -> AsyncIterator[tuple[AsyncEngine, Settings]]:
    """An engine with a ring and a vault of its own, in a folder unless the test asks for a bucket."""
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), data_dir=tmp_path)
    if getattr(request, "param", "folder") == "bucket":
        server: S3Server = request.getfixturevalue("s3")
        options = {**server.options, "vault_folder": server.place(f"vault-{uuid4().hex}")}
        settings = Settings.model_validate({**settings.model_dump(exclude_unset=True), **options})
    create_ring(settings.key_ring)
    engine = open_database(settings)
    yield engine, settings
    await engine.dispose()


async def store(engine: AsyncEngine, number: int = 1) -> list[UUID]:
    keys, ids = keys_of(engine), [uuid4() for _ in range(number)]
    async with transaction(engine) as connection:
        for place, id_ in enumerate(ids):
            sealed, wrapped = await seal(keys, id_, Contact(f"甲{place}", f"139{place:08d}"))
            await keys.vault.keep(id_, wrapped)
            assert await insert_reporter(connection, sealed, wrapped, anonymous=False, now=NOW)
    return ids


async def names(engine: AsyncEngine, ids: list[UUID]) -> list[str | None]:
    async with engine.connect() as connection:
        found = [await read_contact(connection, id_) for id_ in ids]
    return [None if contact is None else contact.name for contact in found]


async def test_what_an_earlier_version_stored_in_clear_is_encrypted_and_never_served_before(
    sealing: tuple[AsyncEngine, Settings],
) -> None:
    engine, _ = sealing
    insert = "INSERT INTO reporters (id, name, phone, anonymous, created_at) VALUES (:id, :name, :phone, false, now())"
    ids = [uuid4() for _ in range(450)]
    async with engine.begin() as connection:
        await connection.execute(
            text(insert), [{"id": id_, "name": f"乙{n}", "phone": f"138{n:08d}"} for n, id_ in enumerate(ids)]
        )
    assert await names(engine, ids[:1]) == [None]
    told: list[int] = []
    both = await asyncio.gather(encrypt_clear_rows(engine, told.append), encrypt_clear_rows(engine))
    assert sum(both) == 450
    assert told[-1] == both[0]
    assert await names(engine, ids) == [f"乙{n}" for n in range(450)]
    async with engine.connect() as connection:
        rows = "".join((await connection.scalars(text("SELECT r::text FROM reporters r"))).all())
    assert "乙" not in rows
    assert "138000" not in rows
    state = await keys_state(engine)
    assert (state.clear, state.without_file, state.left, state.rows) == (0, 0, 0, {state.current: 450})


async def test_master_keys_change_while_reports_come_in(sealing: tuple[AsyncEngine, Settings]) -> None:
    engine, settings = sealing
    old = await keys_of(engine).ring.current()
    ids = await store(engine, 450)
    new = add_key(settings.key_ring)
    assert (await keys_state(engine)).left_under(old) == 900

    async def meanwhile() -> list[UUID]:
        return [id_ for _ in range(10) for id_ in await store(engine, 5)]

    *_, more = await asyncio.gather(wrap_anew(engine), wrap_anew(engine), meanwhile())
    state = await keys_state(engine)
    assert (state.left, state.rows, state.files) == (0, {new: 500}, {new: 500})
    remove_key(settings.key_ring, old)
    assert await names(engine, [*ids, *more]) == [f"甲{n}" for n in range(450)] + [f"甲{n}" for n in range(5)] * 10
    for id_ in (new, "nobody"):
        with pytest.raises(ValueError, match=id_):
            remove_key(settings.key_ring, id_)


async def test_a_rotation_that_was_stopped_goes_on(sealing: tuple[AsyncEngine, Settings]) -> None:
    engine, settings = sealing
    await store(engine, 450)
    add_key(settings.key_ring)

    def stop(done: int) -> None:
        raise KeyboardInterrupt(done)

    with pytest.raises(KeyboardInterrupt):
        await wrap_anew(engine, stop)
    assert 0 < (await keys_state(engine)).left < 900
    await wrap_anew(engine)
    assert (await keys_state(engine)).left == 0


@pytest.mark.parametrize("sealing", ["folder", "bucket"], indirect=True)
async def test_an_empty_database_gets_its_reporters_back_but_not_the_erased(
    sealing: tuple[AsyncEngine, Settings],
) -> None:
    engine, _ = sealing
    keys, id_, gone = keys_of(engine), uuid4(), uuid4()
    sealed = {}
    for one in (id_, gone):
        sealed[one], wrapped = await seal(keys, one, CONTACT)
        await keys.vault.keep(one, wrapped)
    await keys.vault.erase(gone)
    async with transaction(engine) as connection:
        for one, comes in ((id_, True), (id_, False), (gone, False)):
            assert await restore_reporter(connection, sealed[one], keys.vault, anonymous=True, now=NOW) is comes
        assert await read_contact(connection, id_) == CONTACT
        assert await read_contact(connection, gone) is None


@pytest.mark.parametrize("sealing", ["folder", "bucket"], indirect=True)
async def test_the_erased_stay_erased_when_an_older_copy_of_the_database_comes_back(
    sealing: tuple[AsyncEngine, Settings],
) -> None:
    engine, _ = sealing
    (id_,) = await store(engine)
    async with engine.begin() as connection:
        backup = dict((await connection.execute(text("SELECT * FROM reporters"))).one()._mapping)
    await keys_of(engine).vault.erase(id_)
    async with engine.begin() as connection:
        assert await erase_reporters(connection, [id_], NOW) == (id_,)
        assert await erase_reporters(connection, [id_], NOW) == ()
        await connection.execute(text("DELETE FROM reporters"))
        columns = ", ".join(backup)
        await connection.execute(
            text(f"INSERT INTO reporters ({columns}) VALUES ({', '.join(f':{name}' for name in backup)})"), backup
        )
    assert await names(engine, [id_]) == [None], "before anything was settled"
    assert await settle_vault(engine) == 1
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT wrapped_key, ciphertext, erased_at FROM reporters"))).one()
    assert (row.wrapped_key, row.ciphertext) == (None, None)
    assert row.erased_at is not None


@pytest.mark.parametrize("sealing", ["folder", "bucket"], indirect=True)
async def test_a_lost_file_of_the_vault_comes_back_from_the_row(sealing: tuple[AsyncEngine, Settings]) -> None:
    engine, _ = sealing
    (id_,) = await store(engine)
    await keys_of(engine).vault.forget(id_)
    assert (await keys_state(engine)).without_file == 1
    assert await settle_vault(engine) == 1
    assert await keys_of(engine).vault.has(id_)


async def test_answers_are_sealed_alike_and_open_only_where_they_belong() -> None:
    """The same answer under the same key is the same text, its length says nothing, and a change is found."""
    key, other = AESGCM.generate_key(256), AESGCM.generate_key(256)
    sealed = seal_content(key, b"one", b'{"values":["yes"]}')
    assert sealed == seal_content(key, b"one", b'{"values":["yes"]}')
    assert len(sealed) == len(seal_content(key, b"one", b'{"values":["perhaps"]}'))
    assert json.loads(open_content(key, b"one", sealed)) == {"values": ["yes"]}
    assert keyed_hash(key, b"x") != keyed_hash(other, b"x")
    for wrong in ((other, b"one", sealed), (key, b"two", sealed), (key, b"one", "AAAA" + sealed), (key, b"one", "?")):
        with pytest.raises(SealedContentDamaged):
            open_content(*wrong)


async def test_answers_wait_for_a_key_service_that_is_away_and_are_gone_when_erased(
    database_url: str, tmp_path: Path, key_service: str
) -> None:
    settings = Settings(
        database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64),
        data_dir=tmp_path, key_service_url=key_service, key_service_token=SecretStr(KeyService.token),
    )  # fmt: skip
    own = open_database(settings)
    try:
        async with transaction(own) as connection:
            made = await make_key(connection, uuid4(), anonymous=True, now=NOW)
        assert made.made is not None
        masters, KeyService.masters = KeyService.masters, {}
        async with own.connect() as connection:
            with pytest.raises(KeysAway):
                await find_key(connection, made.reference)
        KeyService.masters = masters
        async with transaction(own) as connection:
            found = await find_key(connection, made.reference)
            assert found is not None
            assert found.content == made.content
            await erase_reporters(connection, [made.reference], NOW)
            assert await find_key(connection, made.reference) is None
            with pytest.raises(AnswerNotKept):
                await need_key(connection, made.reference)
    finally:
        await own.dispose()
