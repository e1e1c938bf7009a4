"""A department's Open311 server (GeoReport v2): it checks what a real one checks, and knows no repetition.

It stores every POST as a new request. As a test says, it loses the answer after it has stored, gives tokens first, or
refuses.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from tests.fakes.far_side import Received, Reply

KEY = "far-side-key"
#: Fields by which a reporter is known: a request of ours never has them.
REPORTER = ("first_name", "last_name", "phone", "email", "device_id", "account_id", "deviceid")


@dataclass
class FarOpen311Server:
    """The state of the server. `lose`: how many answers to POST are lost after storing. `tokens`: tokens first.

    `refuse`: the status of the next answers to POST. `hidden`: its lists show no descriptions.
    """

    lose: int = 0
    tokens: bool = False
    hidden: bool = False
    services: tuple[str, ...] = ()
    refuse: list[int] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, str]] = field(default_factory=list)
    media: list[str] = field(default_factory=list)

    def update(self, id_: str, number: str, status: str, at: datetime, text: str = "", *media: str) -> None:
        """Say something about a request; `media`: addresses of photos."""
        known = {"update_id": id_, "service_request_id": number, "status": status, "description": text}
        shown = {"media_url": media[0] if len(media) == 1 else list(media)} if media else {}
        self.updates.append({**known, **shown, "updated_datetime": at.isoformat()})

    def answer(self, received: Received) -> Reply:
        """Answer one request."""
        path, _, suffix = received.path.removeprefix("/far/v2/").rpartition(".")
        if suffix not in ("json", "xml"):
            return Reply(404)
        if received.method == "POST":
            given = parse_qs(received.body.decode())
            self.media += given.get("media_url", [])
            return self._post(path, suffix, {name: values[-1] for name, values in given.items()})
        return self._get(path, suffix, received.query)

    def _post(self, path: str, suffix: str, fields: dict[str, str]) -> Reply:
        if fields.get("api_key") != KEY:
            return _errors(suffix, 403, "wrong key")
        if path == "servicerequestupdates":
            self.said.append(fields)
            return _list(suffix, [{"update_id": fields["update_id"]}])
        if self.refuse:
            return _errors(suffix, self.refuse.pop(0), "not now")
        placed = ("lat" in fields and "long" in fields) or "address_string" in fields
        if not fields.get("service_code") or not placed:
            return _errors(suffix, 400, "service_code and a place are required")
        number = f"SR-{len(self.requests) + 1}"
        self.requests.append({**fields, "service_request_id": number, "at": datetime.now(UTC).isoformat()})
        if self.lose > 0:
            self.lose -= 1
            return Reply(cut=True)
        return _list(suffix, [{"token": f"t-{number}"} if self.tokens else {"service_request_id": number}])

    def _get(self, path: str, suffix: str, query: dict[str, str]) -> Reply:
        if path.startswith("tokens/"):
            token = path.removeprefix("tokens/")
            return _list(suffix, [{"token": token, "service_request_id": token.removeprefix("t-")}])
        if path == "servicerequestupdates":
            return _list(suffix, self.updates)
        if path == "requests":
            begin, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
            within = [one for one in self.requests if begin <= datetime.fromisoformat(one["at"]) < end]
            return _list(suffix, [self._shown(one) for one in within])
        if path == "services":
            return _list(suffix, [{"service_code": code} for code in self.services])
        number = path.removeprefix("requests/")
        found = [self._shown(one) for one in self.requests if one["service_request_id"] == number]
        return _list(suffix, found) if found else _errors(suffix, 404, "not found")

    def _shown(self, one: dict[str, Any]) -> dict[str, Any]:
        own = [update for update in self.updates if update["service_request_id"] == one["service_request_id"]]
        last = max(own, key=lambda update: update["updated_datetime"], default=None)
        closed = last is not None and last["status"].lower() in ("closed", "fixed")
        return {
            "service_request_id": one["service_request_id"],
            "status": "closed" if closed else "open",
            "status_notes": last["description"] if last else "",
            "service_code": one["service_code"],
            "description": "" if self.hidden else one["description"],
            "requested_datetime": one["at"],
            "updated_datetime": last["updated_datetime"] if last else one["at"],
        }


def _list(suffix: str, items: Iterable[dict[str, Any]]) -> Reply:
    return Reply(200, _body(suffix, "items", items), {"content-type": f"application/{suffix}"})


def _errors(suffix: str, status: int, said: str) -> Reply:
    return Reply(status, _body(suffix, "errors", [{"code": str(status), "description": said}]))


def _body(suffix: str, root: str, items: Iterable[dict[str, Any]]) -> bytes:
    if suffix == "json":
        return json.dumps(list(items)).encode()
    top = ElementTree.Element(root)
    for one in items:
        child = ElementTree.SubElement(top, "item")
        for name, value in one.items():
            for part in value if isinstance(value, list) else [value]:
                ElementTree.SubElement(child, name).text = str(part)
    body: bytes = ElementTree.tostring(top, "utf-8", xml_declaration=True)
    return body
