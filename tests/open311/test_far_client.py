"""Our client of other endpoints: against a fake of a department's server, and against our own interface."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.open311_client import FarOpen311, FarRefused, FarUnreadable
from infra.outgoing import Outgoing
from models.errors import OutgoingFailed
from models.far_open311 import FarEndpoint
from tests.builders import PARK
from tests.fakes.far_side import Reply, running_far_side
from tests.fakes.open311 import KEY, FarOpen311Server
from tests.open311.conftest import HERE, Interface

HERE_ALLOWED = Outgoing(("127.0.0.1/32",))
NOW = datetime.now(UTC)
PLACE = {"service_code": "water", "lat": "38.0", "long": "117.0", "description": "污水 [mark-1]"}


def client(url: str, key: str = KEY, **settings: Any) -> FarOpen311:
    return FarOpen311(HERE_ALLOWED, url, FarEndpoint.model_validate({"service": "water", **settings}), key)


@pytest.fixture(params=["json", "xml"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_request_is_sent_found_and_followed(form: str) -> None:
    server = FarOpen311Server(tokens=True)
    async with running_far_side(server.answer) as side:
        far = client(side.url("/far/v2"), format=form)
        posted = await far.post(PLACE, "once")
        assert (posted.number, posted.token) == (None, "t-SR-1")
        assert (await far.token("t-SR-1")).number == "SR-1"
        window = (NOW - timedelta(minutes=5), datetime.now(UTC) + timedelta(minutes=5))
        assert await far.find("[mark-1]", *window) == "SR-1"
        assert await far.find("[mark-2]", *window) is None
        assert await far.find("[mark-1]", NOW - timedelta(days=2), NOW - timedelta(days=1)) is None
        for id_, status, minutes in (("b", "closed", 2), ("a", "in_progress", 1), ("b", "closed", 2), ("c", "open", 0)):
            server.update(id_, "SR-1", status, NOW + timedelta(minutes=minutes), f"words of {id_}")
        server.update("d", "SR-2", "closed", NOW)
        server.updates.append({"update_id": "e", "service_request_id": "SR-1", "updated_datetime": "2026-01-01"})
        found = await far.updates("SR-1", *window)
        assert [(one.id, one.closes) for one in found] == [("c", False), ("a", False), ("b", True)]
        state = await far.state("SR-1")
        assert state is not None
        assert (state.closes, state.text) == (True, "words of b")
        assert await far.state("SR-9") is None


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(400, b'[{"code": "400", "description": "no such service"}]'), FarRefused),
        (Reply(500, b"<html>"), FarRefused),
        (Reply(200, b"<html>"), FarUnreadable),
        (Reply(200, b"[]"), FarUnreadable),
        (Reply(200, b'[{"service_request_id": null}]'), FarUnreadable),
        (Reply(302, b"", {"location": "/x"}), OutgoingFailed),
        (Reply(cut=True), OutgoingFailed),
    ],
)
async def test_what_is_no_answer_is_none(reply: Reply, kind: type[Exception]) -> None:
    async with running_far_side(lambda _: reply) as side:
        with pytest.raises(kind) as refused:
            await client(side.url("/far/v2")).post(PLACE, "once")
    assert KEY not in str(refused.value)


async def test_an_entity_is_not_read() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><r><i><service_request_id>&a;&a;</service_request_id></i></r>'
    async with running_far_side(lambda _: Reply(200, bomb)) as side:
        with pytest.raises(FarUnreadable):
            await client(side.url("/far/v2"), format="xml").post(PLACE, "once")


def test_our_own_interface_is_such_an_endpoint(open311: Interface) -> None:
    far = client(open311.url, open311.keys["park"], jurisdiction=PARK)

    async def play() -> tuple[str | None, str | None, list[str]]:
        fields = {"service_code": "0302", **HERE, "description": "由上级平台转来"}
        first = await far.post(fields, "from-above")
        again = await far.post(fields, "from-above")
        number = first.number
        assert number is not None
        updates = await far.updates(
            number, datetime.now(UTC) - timedelta(hours=2), datetime.now(UTC) + timedelta(hours=1)
        )
        return number, again.number, [one.status for one in updates]

    number, again, said = open311.site.run(play())
    assert number == again
    assert said == ["OPEN"]
    assert json.dumps(open311.one(str(number)))
