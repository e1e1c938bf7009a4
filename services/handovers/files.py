"""Files of receivers become attachments of the receiver's account, until a step of the case names them."""

import io
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from infra.store.context import read_person
from services.attachments.files import Limits
from services.attachments.intake import limits_of, store_upload


async def keep_file(engine: AsyncEngine, settings: Settings, account: UUID, content: bytes, now: datetime) -> str:
    """Store a file of the receiver with that account and return its hash; a video may be as large as another file.

    Raises what `services.attachments.intake.store_upload` raises.
    """
    async with engine.connect() as connection:
        person = await read_person(connection, account)
    assert person is not None, "machine accounts stay"
    most = limits_of(settings).file
    stored = await store_upload(engine, settings, person, io.BytesIO(content), now, Limits(most, most))
    return stored.view.sha256
