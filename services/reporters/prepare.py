"""What a worker does about reporters' records when it starts."""

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import autocommit_engine
from infra.objects import ObjectsAway
from models.errors import KeysAway
from services.reporters.keys import encrypt_clear_rows, settle_vault

log = structlog.get_logger(__name__)


async def prepare_reporters(engine: AsyncEngine) -> None:
    """Encrypt what an earlier version stored in clear, and settle rows and vault. Without keys it says so and goes on:
    what is in clear is shown to nobody.
    """
    try:
        encrypted = await encrypt_clear_rows(engine)
        await settle_vault(engine)
    except KeysAway as error:
        log.error("reporters' records wait for their keys", reason=error.message("en"))
        return
    except ObjectsAway as error:
        log.error("the vault of reporters' keys can't be written", reason=str(error))
        return
    if encrypted:
        log.info("reporters' records encrypted; `gridloop keys encrypt` removes their old versions", rows=encrypted)


async def remove_old_versions(owner: AsyncEngine) -> None:
    """Rewrite the table, so that its file holds no earlier versions of the rows. Only the owner of the table may."""
    async with autocommit_engine(owner).connect() as connection:
        await connection.execute(text("VACUUM FULL reporters"))
