"""A receiver with a web service: JSON over HTTPS with an idempotency key, signed like our web hooks.

See docs/handover.md, the contract for those who build the far side.
"""

import json
from datetime import UTC, datetime
from typing import Any

from activities.channels.webhook import sign
from activities.handover.base import Offer, Result, Told, Tools
from activities.handover.photos import photo_addresses
from infra.outgoing import Answer
from models.errors import OutgoingFailed

#: Seconds for one request, within the time limit of the activity.
SECONDS = 20.0
#: Answers by which the far side says that it has not done anything and may be asked again.
_LATER = frozenset({408, 425, 429, 503})
_LONGEST_ID, _LONGEST_WHY = 200, 300


class WebService:
    """The adapter of web services."""

    async def give(self, tools: Tools, offer: Offer) -> Told:
        """POST the case."""
        photos = [one.model_dump() for one in await photo_addresses(tools, offer)]
        body = {"event": "handover", **offer.about, "photos": photos}
        return await _post(tools, offer, body, str(offer.handover.id))

    async def ask(self, tools: Tools, offer: Offer) -> Told | None:
        """GET the query address: 200 with `id` means that it has it, 404 that it has not."""
        where = offer.receiver.draft.query_url
        if where is None:
            return None
        key = str(offer.handover.id)
        try:
            answer = await tools.outgoing.request(
                "GET", where.replace("{key}", key), headers=_headers(offer, b"", key), total=SECONDS
            )
        except OutgoingFailed as error:
            return Told(Result.AGAIN, why=error.code)
        if answer.status == 404:
            return Told(Result.ABSENT)
        if answer.status == 200:
            return Told(Result.GIVEN, far_id=_far_id(answer))
        return Told(Result.AGAIN, why=f"http {answer.status}")

    async def take_back(self, tools: Tools, offer: Offer) -> Told:
        """POST that the case has moved on. Repeating it does no harm, so a lost answer is tried again."""
        body = {"event": "cancel", "id": str(offer.handover.id), "case_no": offer.case.case_no}
        told = await _post(tools, offer, body, f"{offer.handover.id}-cancel")
        return Told(Result.AGAIN, why=told.why) if told.result is Result.LOST else told


async def _post(tools: Tools, offer: Offer, body: dict[str, Any], key: str) -> Told:
    content = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    headers = _headers(offer, content, key)
    url = offer.receiver.draft.url
    assert url is not None, "a web service has an address"
    try:
        answer = await tools.outgoing.request("POST", url, headers=headers, content=content, total=SECONDS)
    except OutgoingFailed as error:
        return Told(Result.LOST if error.perhaps_done else Result.AGAIN, why=error.code)
    return _told(answer)


def _headers(offer: Offer, content: bytes, key: str) -> dict[str, str]:
    timestamp = str(int(datetime.now(UTC).timestamp()))
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Gridloop-Handover",
        "idempotency-key": key,
        "x-gridloop-signature": f"t={timestamp},v1={sign(offer.secret, timestamp, content)}",
    }


def _told(answer: Answer) -> Told:
    if 200 <= answer.status < 300:
        return Told(Result.GIVEN, far_id=_far_id(answer))
    why = f"http {answer.status}"
    if answer.status in _LATER:
        return Told(Result.AGAIN, why=why, wait=answer.retry_after(datetime.now(UTC)))
    if answer.status >= 500:  # it may have stored the case before it failed
        return Told(Result.LOST, why=why)
    return Told(Result.REFUSED, why=why[:_LONGEST_WHY])


def _far_id(answer: Answer) -> str | None:
    said = answer.json()
    found = said.get("id") if isinstance(said, dict) else None
    return str(found)[:_LONGEST_ID] if isinstance(found, str | int) else None
