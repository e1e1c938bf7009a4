"""A receiver with an Open311 endpoint: a case becomes a service request there, and its updates come back.

GeoReport v2 knows no repetition: a request sent twice is two. Each carries a mark in its description, by which it is
found in the lists of a far side that shows descriptions; and a `client_request_id`, which some take once.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.handover.base import Followed, Offer, Result, Told, Tools
from activities.handover.open311_updates import record_updates
from activities.handover.photos import photo_addresses
from infra.open311_client import FarOpen311, FarRefused, FarUnreadable
from models.errors import OutgoingFailed
from models.far_open311 import FarUpdate

#: Answers by which the far side says that it has not done anything and may be asked again.
_LATER = frozenset({408, 425, 429, 503})
#: How long a far side whose answer was lost may take to list what it has stored, in seconds; how far clocks differ.
SETTLES, SKEW = 5.0, timedelta(minutes=10)
#: How far back updates are asked for: what a far side or we were away is made up for within that time.
LOOKS_BACK, LONGEST = timedelta(days=7), timedelta(days=89)
#: What stands before a token in the place of the far side's number, until it tells that.
TOKEN = "token:"  # noqa: S105 a prefix
_LONGEST_DESCRIPTION = 4_000
#: How often `media_url` is named at the most: GeoReport v2 has one, FixMyStreet and its servers take several.
MOST_MEDIA = 3


class Open311:
    """The adapter of Open311 endpoints."""

    async def give(self, tools: Tools, offer: Offer) -> Told:
        """POST the case as a request."""
        photos = [one.url for one in (await photo_addresses(tools, offer))[:MOST_MEDIA]]
        try:
            posted = await far_side(tools, offer).post(_fields(offer), str(offer.handover.id), photos)
        except OutgoingFailed as error:
            return Told(Result.LOST if error.perhaps_done else Result.AGAIN, why=error.code)
        except FarUnreadable:
            return Told(Result.LOST, why="unreadable answer")
        except FarRefused as error:
            return _refused(error)
        return Told(Result.GIVEN, far_id=posted.number or f"{TOKEN}{posted.token}")

    async def ask(self, tools: Tools, offer: Offer) -> Told | None:
        """Look for the mark in its lists; None for a far side whose lists do not show descriptions."""
        draft, now = offer.receiver.draft, datetime.now(UTC)
        assert draft.open311 is not None, "an endpoint of this kind has its settings"
        if not draft.open311.lists_marks:
            return None
        since = max(offer.handover.created_at - SKEW, now - LONGEST)
        try:
            found = await far_side(tools, offer).find(mark_of(offer), since, now + SKEW)
            if found is None:  # it may still be storing it
                await asyncio.sleep(SETTLES)
                found = await far_side(tools, offer).find(mark_of(offer), since, now + SKEW)
        except OutgoingFailed as error:
            return Told(Result.AGAIN, why=error.code)
        except (FarRefused, FarUnreadable) as error:
            return Told(Result.AGAIN, why=str(error) or "unreadable answer")
        return Told(Result.ABSENT) if found is None else Told(Result.GIVEN, far_id=found)

    async def take_back(self, tools: Tools, offer: Offer) -> Told:
        """Tell it by an update that the request is cancelled, where it takes updates."""
        draft, number = offer.receiver.draft, offer.handover.far_id
        assert draft.open311 is not None, "an endpoint of this kind has its settings"
        if not draft.open311.updates or number is None or number.startswith(TOKEN):
            return Told(Result.REFUSED, why="it takes no updates")
        english = draft.language == "en"
        fields = {
            "service_request_id": number,
            "update_id": f"{offer.handover.id}-cancel",
            "status": "CANCELLED",
            "updated_datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": "Handled elsewhere now." if english else "该事项已转由他处办理。",
        }
        try:
            await far_side(tools, offer).post_update(fields)
        except OutgoingFailed as error:
            return Told(Result.AGAIN, why=error.code)
        except FarUnreadable:
            return Told(Result.GIVEN, far_id=number)
        except FarRefused as error:
            told = _refused(error)
            return Told(Result.AGAIN, why=told.why) if told.result is Result.LOST else told
        return Told(Result.GIVEN, far_id=number)

    async def follow(self, tools: Tools, offer: Offer, now: datetime) -> Followed:
        """Record what it says of the request since; ask for the number of a token first."""
        draft, number = offer.receiver.draft, offer.handover.far_id or ""
        assert draft.open311 is not None, "an endpoint of this kind has its settings"
        wait, far = float(draft.open311.poll_seconds), far_side(tools, offer)
        try:
            if number.startswith(TOKEN):
                posted = await far.token(number.removeprefix(TOKEN))
                if posted.number is None:
                    return Followed(min(wait, 30.0))
                return Followed(1.0, far_id=posted.number)
            updates = await _updates(far, offer, number, now)
        except OutgoingFailed as error:
            return Followed(wait, failure=error.code)
        except FarUnreadable:
            return Followed(wait, failure="unreadable answer")
        except FarRefused as error:
            return Followed(wait, failure=f"{error} {error.said}".strip())
        # What closes waits for one look: what the far side did before it may arrive later.
        ripe = [one for one in updates if not one.closes or one.at <= now - timedelta(seconds=wait)]
        await record_updates(tools, offer, ripe)
        return Followed(wait)


def far_side(tools: Tools, offer: Offer) -> FarOpen311:
    """Return the endpoint of the receiver."""
    draft = offer.receiver.draft
    assert draft.open311 is not None, "an endpoint of this kind has its settings"
    assert draft.url is not None, "an endpoint has an address"
    return FarOpen311(tools.outgoing, draft.url, draft.open311, offer.secret)


def mark_of(offer: Offer) -> str:
    """Return the mark of the request in its description."""
    return f"[Gridloop {offer.handover.id}]"


async def _updates(far: FarOpen311, offer: Offer, number: str, now: datetime) -> tuple[FarUpdate, ...]:
    if not far.endpoint.updates:
        state = await far.state(number)
        # As it was sent it says nothing.
        return () if state is None or (not state.closes and not state.text) else (state,)
    since = max(offer.handover.created_at - SKEW, now - LOOKS_BACK)
    return await far.updates(number, since, now + SKEW)


def _fields(offer: Offer) -> dict[str, str]:
    """Return the fields of the request: what the work needs, and nothing of the reporter."""
    about: Mapping[str, Any] = offer.about
    mark, place = mark_of(offer), about["place"]
    said = "\n\n".join(filter(None, (about["title"], about["description"])))
    fields = {
        "service_code": service_of(offer),
        "description": f"{said[: _LONGEST_DESCRIPTION - len(mark) - 2]}\n\n{mark}",
        "address_string": " ".join(place["units"]),
        "attribute[external_id]": str(offer.handover.id),
    }
    if place["lat"] is not None and place["lon"] is not None:
        fields |= {"lat": str(place["lat"]), "long": str(place["lon"])}
    return fields


def service_of(offer: Offer) -> str:
    """Return the far side's code for our category: of the longest beginning that is named, else the usual one."""
    endpoint = offer.receiver.draft.open311
    assert endpoint is not None, "an endpoint of this kind has its settings"
    category = offer.case.category
    named = [code for code in endpoint.services if category.startswith(code)]
    return endpoint.services[max(named, key=len)] if named else endpoint.service


def _refused(error: FarRefused) -> Told:
    why = f"{error} {error.said}".strip()
    if error.status in _LATER:
        return Told(Result.AGAIN, why=why, wait=error.wait)
    return Told(Result.LOST if error.status >= 500 else Result.REFUSED, why=why)
