"""Photos of a report for a receiver: addresses, each for one photo, which end with the hand-over.

The addresses are made when the case is given, and the same whenever it is given again: a request that is repeated under
the same key has the same body. Each works from the last time on for as long as the policy says.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from activities.handover.base import Offer, Tools
from infra.database import transaction
from infra.store.cases import read_facts
from infra.store.context import filter_pictures
from infra.store.one_time_links import LINK_PATH, make_link
from models.base import Frozen
from models.facts import Received
from models.ids import derived_id
from models.one_time_links import FETCH_PHOTO, Link, LinkHolder

#: The most photos that a receiver is told of (our choice).
MOST = 10
_PROLONG = text("UPDATE one_time_links SET expires_at = greatest(expires_at, :until) WHERE id = :id")


class PhotoAddress(Frozen):
    """Where a receiver may fetch a photo, and what its bytes are known by."""

    url: str
    sha256: str


async def photo_addresses(tools: Tools, offer: Offer) -> tuple[PhotoAddress, ...]:
    """Return the addresses of the photos of the report, in its order; none where the receiver is to have none, or
    where nobody has said under which address we are reached."""
    base = (tools.settings.public_url or "").rstrip("/")
    if not offer.receiver.draft.photos or not base:
        return ()
    handover, now = offer.handover, datetime.now(UTC)
    until = now + timedelta(days=offer.rules.link_days)
    async with transaction(tools.engine) as connection:
        received = (await read_facts(connection, handover.report_id))[0].body
        assert isinstance(received, Received)
        found = []
        for sha256 in (await filter_pictures(connection, received.attachments))[:MOST]:
            link = Link(
                id=derived_id(handover.id, "photo", sha256),
                report_id=handover.report_id,
                holder=LinkHolder.RECEIVER,
                act=FETCH_PHOTO,
                named=sha256,
                department=handover.department,
                account=handover.account,
                round=handover.round,
                made_at=now,
                expires_at=until,
            )
            token = await make_link(connection, tools.settings, link)
            await connection.execute(_PROLONG, {"id": link.id, "until": until})
            found.append(PhotoAddress(url=f"{base}{LINK_PATH}{token}/photo", sha256=sha256))
    return tuple(found)
