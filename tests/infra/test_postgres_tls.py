"""The database behind TLS (a PgBouncer that keeps sessions takes nothing else; the bundled PostgreSQL has no TLS of its
own): an address that asks for `verify-full` connects; a wrong authority or host name is refused in one sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from infra.awaiting import NotThere, find_place
from infra.database import open_database, reason
from infra.embedded.temporal_tls import CA, SERVER, make_certificates
from infra.settings import Settings
from services.setup.database import database_items
from tests.infra.test_pooler import Pooler, pooler, settings
from tests.servers import temporary_directory

__all__ = ["pooler"]
pytestmark = pytest.mark.timeout(120)


@dataclass(frozen=True)
class Secured:
    """An address behind TLS, and the folder with the authority and, in `other/`, another one."""

    address: str
    folder: Path

    def settings(self, **parameters: str) -> Settings:
        """Settings with this address and these parameters of it."""
        return settings(f"{self.address}?{urlencode(parameters)}")


@pytest.fixture
def server(pooler: Pooler) -> Iterator[Secured]:
    with temporary_directory() as folder:
        make_certificates(folder)
        make_certificates(folder / "other")
        (folder / SERVER).chmod(0o644)  # PgBouncer runs as nobody
        files = f"client_tls_cert_file = {folder / SERVER}\nclient_tls_key_file = {folder / SERVER}"
        yield Secured(pooler("session", f"client_tls_sslmode = require\n{files}"), folder)


async def test_a_verified_connection_is_encrypted(server: Secured) -> None:
    known = server.settings(sslmode="verify-full", sslrootcert=str(server.folder / CA))
    engine = open_database(known)
    try:
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
            driver = (await connection.get_raw_connection()).driver_connection
            assert isinstance(driver, psycopg.AsyncConnection)
            assert driver.pgconn.ssl_in_use
    finally:
        await engine.dispose()
    items = [item async for item in database_items(known, check=True)]  # to the end, so that its connection is closed
    first = items[0]
    assert (first.part, first.state.value) == ("database", "ok"), first.en


@pytest.mark.parametrize(
    ("parameters", "says", "remedy_en", "remedy_zh"),
    [
        ({"sslmode": "verify-full", "sslrootcert": "other/" + CA}, "certificate verify failed", "sslrootcert", "证书"),
        ({"sslmode": "verify-full", "sslrootcert": CA, "host": "database.example", "hostaddr": "127.0.0.1"},
         'does not match host name "database.example"', "its certificate", "证书"),
        ({"sslmode": "verify-full", "sslrootcert": "nowhere.pem"}, "nowhere.pem", "sslrootcert", "证书"),
        ({"sslmode": "disable"}, "SSL required", "sslmode", "sslmode"),
    ],
)  # fmt: skip
async def test_what_can_t_be_trusted_is_refused_in_one_sentence(
    server: Secured, parameters: dict[str, str], says: str, remedy_en: str, remedy_zh: str
) -> None:
    if "sslrootcert" in parameters:
        parameters = {**parameters, "sslrootcert": str(server.folder / parameters["sslrootcert"])}
    known = server.settings(**parameters)
    engine = open_database(known)
    try:
        with pytest.raises(OperationalError) as refused:
            async with engine.connect():
                pass
    finally:
        await engine.dispose()
    assert says in reason(refused.value)
    assert "\n" not in reason(refused.value)
    with pytest.raises(NotThere, match=r"(?s)^the database .*" + says.split()[0]):
        await find_place(known)  # a worker waits, and says this
    (item,) = [item async for item in database_items(known, check=True)]
    assert (item.part, item.state.value) == ("database", "mend")
    assert says in item.en
    assert remedy_en in item.en.partition(says)[2]
    assert remedy_zh in item.zh
