"""Photos that an update of an Open311 endpoint names: fetched through the guard, and stored as files of its account.

What can't be had is told in the words of the update, which counts all the same; it is not tried again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from activities.handover.base import Offer, Tools
from models.errors import DomainError, MediaNotThere, OutgoingFailed

log = structlog.get_logger(__name__)

#: How many photos of one update are fetched, and the seconds for all of them together: one look has a minute.
MOST, SECONDS = 3, 12.0
_MEGABYTE = 1024 * 1024
#: A refusal from this status on is the system's, and passes.
_UNAVAILABLE = 500


@dataclass(frozen=True)
class Fetched:
    """The hashes of what was stored, and why the others were not, in the language of the receiver."""

    hashes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


async def fetch_media(tools: Tools, offer: Offer, addresses: Sequence[str]) -> Fetched:
    """Fetch the photos of an update. Raises a DomainError of the system while the store of attachments is away."""
    english = offer.receiver.draft.language == "en"
    hashes, failures = list[str](), list[str]()
    ends = asyncio.get_running_loop().time() + SECONDS
    for address in addresses[:MOST]:
        try:
            hashes.append(await _fetch(tools, offer, address, max(0.1, ends - asyncio.get_running_loop().time())))
        except DomainError as error:
            if error.status >= _UNAVAILABLE and not isinstance(error, OutgoingFailed | MediaNotThere):
                raise
            log.info("photo of a receiver not taken", handover=str(offer.handover.id), reason=error.code)
            failures.append(error.message("en" if english else "zh"))
    if more := len(addresses) - MOST:
        failures += [f"{more} more" if english else f"另有 {more} 张"] if more > 0 else []
    return Fetched(tuple(dict.fromkeys(hashes)), tuple(failures))


async def _fetch(tools: Tools, offer: Offer, address: str, seconds: float) -> str:
    most = tools.settings.attachment_megabytes * _MEGABYTE
    answer = await tools.outgoing.request("GET", address, total=seconds, most=most)
    if answer.status != 200:
        raise MediaNotThere(http_status=answer.status)
    return await tools.keep_file(offer.handover.account, answer.body, datetime.now(UTC))
