"""A receiver fetches a photo of a case that was handed over to it."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.store.one_time_links import note_used
from models.errors import LinkExpired, LinkPassed, NoSuchPage
from models.one_time_links import LinkHolder
from services.attachments.intake import StoredAttachment, registered
from services.one_time_links import Opened

#: For how long after the first time a photo may be fetched again: a download may be cut off (our choice).
AGAIN = timedelta(minutes=10)


async def fetch_photo(engine: AsyncEngine, opened: Opened, now: datetime, *, used: bool = True) -> StoredAttachment:
    """Return the photo of a receiver's link, and note that it was fetched, unless it is not `used`.

    Raises NoSuchPage for another link and for a photo that is gone, LinkPassed once the case has left the department,
    and LinkExpired `AGAIN` after the first time.
    """
    link = opened.link
    if link.holder is not LinkHolder.RECEIVER:
        raise NoSuchPage(what="photo")
    if link.revoked_at is not None:
        raise LinkPassed()
    if link.used_at is not None and now > link.used_at + AGAIN:
        raise LinkExpired()
    async with transaction(engine) as connection:
        found = await registered(connection, link.named)
        if found is None or not found.media_type.startswith("image/"):
            raise NoSuchPage(what="photo")
        if used:
            await note_used(connection, link.id, now)
    return found
