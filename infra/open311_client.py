"""A client of GeoReport v2 endpoints of others, over the guard for outgoing requests.

It repeats nothing by itself: whoever calls it knows what a lost answer means.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from lxml import etree
from pydantic import TypeAdapter, ValidationError

from infra.outgoing import Answer, Outgoing
from models.base import Instant
from models.far_open311 import FarEndpoint, FarPosted, FarUpdate

#: Seconds for one request, and bytes of a list.
SECONDS, LIST_BYTES = 20.0, 4 * 1024 * 1024
_LONGEST = 200
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Instant)


class FarRefused(Exception):
    """The far side has answered with an error. `status`: of HTTP; `said`: what it says, shortened; `wait`: for how many
    seconds it wants to be left alone."""

    def __init__(self, answer: Answer, said: str) -> None:
        self.status, self.said, self.wait = answer.status, said, answer.retry_after(datetime.now(UTC))
        super().__init__(f"http {answer.status}")


class FarUnreadable(Exception):
    """The far side has answered with success, and with nothing that GeoReport v2 knows."""


@dataclass(frozen=True)
class FarOpen311:
    """One endpoint. `key` is its api_key."""

    outgoing: Outgoing
    url: str
    endpoint: FarEndpoint
    key: str = field(repr=False)

    async def post(self, fields: Mapping[str, str], client_id: str, media: Sequence[str] = ()) -> FarPosted:
        """Send a request, with the addresses of its photos. Raises OutgoingFailed, FarRefused, FarUnreadable."""
        answer = await self._post("requests", {**fields, "client_request_id": client_id}, client_id, media)
        return _posted(next(iter(self._items(answer)), {}))

    async def post_update(self, fields: Mapping[str, str]) -> None:
        """Send an update of a request. Raises as `post`."""
        self._items(await self._post("servicerequestupdates", fields, fields["update_id"]))

    async def services(self) -> frozenset[str]:
        """Return the codes of its services. Raises as `post`."""
        return frozenset(_string(one.get("service_code")) for one in await self._get("services"))

    async def token(self, token: str) -> FarPosted:
        """Ask what has become of a token. Raises as `post`."""
        return _posted(next(iter(await self._get(f"tokens/{quote(token, safe='')}")), {"token": token}))

    async def find(self, mark: str, since: datetime, until: datetime) -> str | None:
        """Return the number of the request whose description holds `mark`; None when no list of that time has it.

        Raises as `post`.
        """
        window = {"start_date": _text(since), "end_date": _text(until)}
        for one in await self._get("requests", window):
            if mark in _string(one.get("description")):
                return _string(one.get("service_request_id")) or None
        return None

    async def updates(self, number: str, since: datetime, until: datetime) -> tuple[FarUpdate, ...]:
        """Return the updates of a request within that time, by their time, each once. Raises as `post`."""
        window = {"start_date": _text(since), "end_date": _text(until), "api_key": self.key}
        found = (_update(one) for one in await self._get("servicerequestupdates", window))
        return in_order(one for one in found if one is not None and one.number == number)

    async def state(self, number: str) -> FarUpdate | None:
        """Return the state of a request as an update whose id changes with it; None where it is not listed.

        Raises as `post`.
        """
        try:
            found = await self._get(f"requests/{quote(number, safe='')}")
        except FarRefused as error:
            if error.status == 404:
                return None
            raise
        for one in found:
            if _string(one.get("service_request_id")) == number:
                return _state(one, number)
        return None

    async def _post(self, path: str, fields: Mapping[str, str], key: str, media: Sequence[str] = ()) -> Answer:
        form = [
            *{**fields, "api_key": self.key, **self._jurisdiction()}.items(),
            *(("media_url", one) for one in media),
        ]
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=utf-8", "idempotency-key": key,
            "user-agent": "Gridloop-Open311",
        }  # fmt: skip
        content = urlencode(form).encode()
        return await self.outgoing.request(
            "POST", self._address(path), headers=headers, content=content, total=SECONDS
        )  # fmt: skip

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        query = urlencode({**(params or {}), **self._jurisdiction()})
        answer = await self.outgoing.request(
            "GET", self._address(path) + (f"?{query}" if query else ""), total=SECONDS, most=LIST_BYTES,
            headers={"user-agent": "Gridloop-Open311"},
        )  # fmt: skip
        return self._items(answer)

    def _address(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/{path}.{self.endpoint.format}"

    def _jurisdiction(self) -> dict[str, str]:
        return {"jurisdiction_id": self.endpoint.jurisdiction} if self.endpoint.jurisdiction else {}

    def _items(self, answer: Answer) -> list[dict[str, Any]]:
        """Return the items of a list. Raises FarRefused and FarUnreadable."""
        if not 200 <= answer.status < 300:
            raise FarRefused(answer, _said(answer, self.endpoint.format))
        found = _read(answer, self.endpoint.format)
        if found is None:
            raise FarUnreadable()
        return found


def in_order(updates: Iterator[FarUpdate]) -> tuple[FarUpdate, ...]:
    """Return each update once, by its time; of one that came twice, the later word."""
    known = {one.id: one for one in sorted(updates, key=lambda one: one.at)}
    return tuple(sorted(known.values(), key=lambda one: (one.at, one.id)))


def _read(answer: Answer, form: str) -> list[dict[str, Any]] | None:
    """Return the items of a list in either format; None for anything else."""
    if form == "json":
        found = answer.json()
        found = [found] if isinstance(found, dict) else found
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None
    # An entity may stand for anything, and no answer of GeoReport v2 needs one.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(answer.body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return [_parts(one) for one in root]


def _parts(one: Any) -> dict[str, Any]:
    """Return the texts of an item; `media_url` as a list, because it may be repeated."""
    media = [part.text or "" for part in one if part.tag == "media_url"]
    return {str(part.tag): part.text or "" for part in one} | ({"media_url": media} if media else {})


def _said(answer: Answer, form: str) -> str:
    words = [_string(one.get("description")) for one in _read(answer, form) or []]
    return "; ".join(filter(None, words))[:_LONGEST]


def _posted(one: Mapping[str, Any]) -> FarPosted:
    number, token = _string(one.get("service_request_id")), _string(one.get("token"))
    if not number and not token:
        raise FarUnreadable()
    return FarPosted(number=number[:_LONGEST] or None, token=token[:_LONGEST] or None)


def _update(one: Mapping[str, Any]) -> FarUpdate | None:
    """Return an update; None for one without id, number or a time with its zone."""
    at = _moment(one.get("updated_datetime"))
    id_, number = _string(one.get("update_id")), _string(one.get("service_request_id"))
    if at is None or not id_ or not number:
        return None
    return FarUpdate(
        id=id_, number=number, status=_string(one.get("status")), at=at, text=_string(one.get("description")),
        media=_media(one.get("media_url")),
    )  # fmt: skip


def _media(value: Any) -> tuple[str, ...]:
    """Return the addresses of the photos of an update, each once."""
    found = [_string(one) for one in value] if isinstance(value, list) else [_string(value)]
    return tuple(dict.fromkeys(one for one in found if one))


def _state(one: Mapping[str, Any], number: str) -> FarUpdate:
    status, said = _string(one.get("status")), _string(one.get("status_notes"))
    id_ = hashlib.sha256(f"{status}\x1f{said}".encode()).hexdigest()[:16]
    at = _moment(one.get("updated_datetime")) or _moment(one.get("requested_datetime")) or datetime.now(UTC)
    return FarUpdate(id=f"state-{id_}", number=number, status=status, at=at, text=said)


def _moment(value: Any) -> datetime | None:
    try:
        return _MOMENT.validate_python(value)
    except ValidationError:
        return None


def _string(value: Any) -> str:
    """Return an id or a text as text: servers write numbers, too."""
    return "" if value is None or isinstance(value, bool | dict | list) else str(value).strip()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
