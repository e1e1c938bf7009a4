"""The vault of reporters' keys in a folder and in a bucket: one contract for both."""

import asyncio
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.keys.access import keys_for
from infra.keys.ring import WrappedKey
from infra.keys.vault import Vault
from infra.objects import ObjectsAway, open_objects
from infra.settings import Settings
from models.errors import KeysAway
from services.setup.files import file_items
from tests.s3 import S3Server

FIRST, SECOND = WrappedKey("k1", b"first"), WrappedKey("k2", b"second")


def settings(**options: Any) -> Settings:
    return Settings.model_validate({"database_url": "postgresql://x", "token_secret": "0" * 64, **options})


@pytest.fixture(params=["folder", "bucket"])
def known(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings whose vault is in a folder, or in a bucket."""
    if request.param == "folder":
        return settings(data_dir=tmp_path)
    server: S3Server = request.getfixturevalue("s3")
    return settings(data_dir=tmp_path, vault_folder=server.place(f"vault-{uuid4().hex}"), **server.options)


@pytest.fixture
def vault(known: Settings) -> Vault:
    return keys_for(known).vault


async def test_a_key_is_kept_replaced_and_forgotten(vault: Vault) -> None:
    id_, other = uuid4(), uuid4()
    assert (await vault.find(id_), await vault.has(id_)) == (None, False)
    await vault.keep(id_, FIRST)
    assert (await vault.find(id_), await vault.has(id_)) == (FIRST, True)
    await vault.keep_all({id_: SECOND, other: FIRST})
    assert await vault.ids() == {id_, other}
    assert dict([one async for one in vault.key_ids()]) == {id_: "k2", other: "k1"}
    await vault.forget(id_, uuid4())
    await vault.forget(id_)
    assert await vault.find(id_) is None
    assert await vault.erased() == (), "a forgotten key leaves no mark"


async def test_an_erased_person_stays_erased(vault: Vault) -> None:
    gone, again, other = uuid4(), uuid4(), uuid4()
    await vault.keep_all(dict.fromkeys((gone, other), FIRST))
    await vault.erase(gone, again)
    await vault.erase(gone)
    await vault.keep_all(dict.fromkeys((gone, again), SECOND))
    assert [await vault.find(id_) for id_ in (gone, again, other)] == [None, None, FIRST]
    assert [await vault.is_erased(id_) for id_ in (gone, again, other)] == [True, True, False]
    assert set(await vault.erased()) == {gone, again}


async def test_whoever_keeps_a_key_while_the_person_is_erased_does_not_bring_it_back(vault: Vault) -> None:
    ids = [uuid4() for _ in range(12)]
    keeping = [vault.keep(id_, key) for id_ in ids for key in (FIRST, SECOND)]
    await asyncio.gather(*keeping, *(vault.erase(id_) for id_ in ids))
    assert await vault.ids() == frozenset()
    assert set(await vault.erased()) == set(ids)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"key_id": "k1", "wrapped": "no"}', b"\xff"])
async def test_a_damaged_key_is_away(vault: Vault, known: Settings, content: bytes) -> None:
    id_ = uuid4()
    await open_objects(known, known.vault_place, "vault").put(f"{id_.hex[:2]}/{id_}.key", content)
    with pytest.raises(KeysAway):
        await vault.find(id_)


class Refusing:
    """Makes a vault away: a file where the folder has to be, or a server that refuses the keys."""

    def __init__(self, request: pytest.FixtureRequest, place: str) -> None:
        self.server: S3Server | None = request.getfixturevalue("s3") if place.startswith("s3:") else None
        self.folder = Path(place)

    def __enter__(self) -> None:
        if self.server is not None:
            self.refusing: AbstractContextManager[None] = self.server.refusing()
            self.refusing.__enter__()
            return
        self.aside = self.folder.rename(self.folder.with_name("aside"))
        self.folder.write_text("no folder")

    def __exit__(self, *error: object) -> None:
        if self.server is not None:
            self.refusing.__exit__(None, None, None)
            return
        self.folder.unlink()
        self.aside.rename(self.folder)


async def _items(known: Settings) -> dict[str, str]:
    return {item.part: item.en async for item in file_items(known)}


async def test_a_vault_that_is_away_says_so_and_nothing_is_half_done(
    request: pytest.FixtureRequest, vault: Vault, known: Settings
) -> None:
    id_: UUID = uuid4()
    await vault.keep(id_, FIRST)
    with Refusing(request, known.vault_place):
        for reading in (vault.find(id_), vault.has(id_), vault.is_erased(id_), vault.ids(), vault.erased()):
            with pytest.raises(KeysAway):
                await reading
        for writing in (vault.keep(id_, SECOND), vault.erase(id_), vault.keep_all({id_: SECOND})):
            with pytest.raises(ObjectsAway):
                await writing
        assert "can't be" in (await _items(known))["vault"]
    assert (await vault.find(id_), await vault.is_erased(id_)) == (FIRST, False)
    assert (await _items(known))["vault"] == known.vault_place
