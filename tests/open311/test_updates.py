"""Updates both ways, and a client that behaves as FixMyStreet's does."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.api.harness import a_picture
from tests.builders import PARK
from tests.open311.conftest import HERE, Interface

NOW = "2026-01-01T08:00:00+08:00"


def update(number: str, **fields: str) -> dict[str, str]:
    said = {"service_request_id": number, "update_id": "u-1", "status": "IN_PROGRESS", "updated_datetime": NOW}
    return {**said, "description": "今天又漏了", **fields}


def kinds(open311: Interface, number: str) -> list[str]:
    found: list[str] = open311.site.run(open311.site.harness.kinds(number))
    return found


@pytest.mark.parametrize("suffix", ["json", "xml"])
def test_an_update_counts_once(open311: Interface, suffix: str) -> None:
    number = open311.accepted()
    path, id_ = f"servicerequestupdates.{suffix}", f"once-{suffix}"
    answers = [open311.post(path, **update(number, update_id=id_)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert all(id_ in answer.text for answer in answers)
    assert kinds(open311, number).count("commented") == 1
    open311.post(path, **update(number, update_id=f"{id_}-2", description="另一句"))
    assert kinds(open311, number).count("commented") == 2


def test_an_answer_to_a_question_and_the_wish_to_reopen(open311: Interface) -> None:
    number, path = open311.report(), "servicerequestupdates.json"
    open311.site.do("duty", number, "request_info", question="几点开始的?")
    assert open311.post(path, **update(number, update_id="a-1", description="早上六点")).status_code == 200
    assert "info_supplied" in kinds(open311, number)
    site = open311.site
    site.do("duty", number, "accept")
    site.do("duty", number, "dispatch", host="environment")
    site.do("environment_handler", number, "claim")
    site.do("environment_handler", number, "complete", result="已堵漏")
    site.do("reviewer", number, "pass_review", answer="已处理")
    refused = open311.post(path, **update(number, update_id="a-2", status="FIXED"))
    assert refused.status_code == 400
    assert "REOPEN" in refused.json()[0]["description"]
    for _ in range(2):
        again = open311.post(path, **update(number, update_id="a-3", status="reopen", description="又漏了"))
        assert again.status_code == 200
    assert kinds(open311, number).count("reopen_requested") == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"service_request_id": "nosuch"}, 404),
        ({"api_key": ""}, 403),
        ({"api_key": "glo_wrong"}, 403),
        ({"update_id": ""}, 400),
        ({"status": ""}, 400),
        ({"status": "DONE"}, 400),
        ({"updated_datetime": "2026-01-01T08:00:00"}, 400),
        ({"updated_datetime": "yesterday"}, 400),
        ({"updated_datetime": "1767225600"}, 400),
        ({"media_url": "https://example.org/\0"}, 400),
        ({"media_url": "https://example.org/" + "x" * 2_000}, 400),
        ({"description": ""}, 400),
        ({"description": "长" * 2_001}, 400),
        ({"description": "a\x00b"}, 400),
    ],
)
def test_refused_updates_leave_nothing(open311: Interface, fields: dict[str, str], status: int) -> None:
    number = open311.report()
    before = open311.site.run(open311.site.harness.stored())
    answer = open311.post("servicerequestupdates.json", **update(number, **fields))
    assert answer.status_code == status, answer.text
    assert open311.site.run(open311.site.harness.stored()) == before


def test_nothing_of_the_longest_update_is_lost(open311: Interface) -> None:
    number = open311.accepted()
    said = "长" * 1_999 + "末"
    assert open311.post("servicerequestupdates.json", **update(number, description=said)).status_code == 200
    site = open311.site
    assert said in str(site.run(site.harness.get("admin", f"/cases/{number}/facts")))


def test_a_case_of_another_place_or_door_takes_no_update(open311: Interface) -> None:
    number = open311.report()
    path = "servicerequestupdates.json"
    assert open311.post(path, key="micro_2", **update(number)).status_code == 404
    assert open311.post(path, key="elsewhere", **update(number)).status_code == 403
    assert open311.post(path, **update(open311.site.report())).status_code == 404


def test_updates_are_told_within_their_window(open311: Interface) -> None:
    number = open311.accepted()
    told = open311.get("servicerequestupdates.json").json()
    own = [one for one in told if one["service_request_id"] == number]
    assert [one["status"] for one in own] == ["OPEN", "INVESTIGATING"]
    assert len({one["update_id"] for one in told}) == len(told)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert open311.get("servicerequestupdates.json", start_date=later).json() == []
    assert open311.get("servicerequestupdates.json", start_date="2026-01-01").status_code == 400
    wide = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}
    assert "90" in open311.get("servicerequestupdates.json", **wide).text


class FixMyStreet:
    """A client that does what FixMyStreet's `Open311.pm` does: XML alone, `deviceid`, multipart, polls, two hours."""

    def __init__(self, open311: Interface) -> None:
        self.open311 = open311
        self.known: set[str] = set()

    def send(self, files: Any = None, **fields: Any) -> str:
        """Send a report; return its number, after polling its token where there is one."""
        whole = {"deviceid": "fms", "attribute[title]": "t", "attribute[external_id]": "77", "email": "a@b.example"}
        answer = self.open311.post("requests.xml", files=files, service_code="0302", **{**whole, **fields})
        assert answer.status_code == 200, answer.text
        request = ElementTree.fromstring(answer.content).find("request")
        assert request is not None
        number = request.findtext("service_request_id")
        for _ in range(5):
            if number:
                break
            token = self.open311.get(f"tokens/{request.findtext('token')}.xml")
            number = ElementTree.fromstring(token.content).findtext("request/service_request_id")
        assert number
        return number

    def pull(self) -> list[dict[str, str]]:
        """Pull the updates of the last two hours; leave out what is outside the window or known already."""
        end = datetime.now(UTC) + timedelta(seconds=1)
        window = (end - timedelta(hours=2), end)
        params = {"start_date": window[0].isoformat(), "end_date": window[1].isoformat(), "api_key": "any"}
        root = ElementTree.fromstring(self.open311.get("servicerequestupdates.xml", **params).content)
        assert root.tag == "service_request_updates"
        found = []
        for one in root.findall("request_update"):
            fields = {part.tag: part.text or "" for part in one}
            at = datetime.fromisoformat(fields["updated_datetime"])
            if window[0] - timedelta(seconds=1) <= at <= window[1] and fields["update_id"] not in self.known:
                self.known.add(fields["update_id"])
                found.append(fields)
        return found


def test_a_client_like_that_of_fixmystreet(open311: Interface) -> None:
    client = FixMyStreet(open311)
    plain = client.send(description="t\n\n污水", **HERE)
    unplaced = client.send(description="t\n\n没有点", address_id="#NOTPINPOINTED#")
    files = [
        ("media", ("a.png", a_picture("#aa1122"), "image/png")),
        ("media", ("b.png", a_picture("#aa1133"), "image/png")),
    ]
    with_files = client.send(files=files, description="t\n\n有照片", **HERE)
    case = open311.site.run(open311.site.harness.get("duty", f"/cases/{with_files}"))
    assert len(case["attachments"]) == 2
    assert {plain, unplaced, with_files} <= {one["service_request_id"] for one in client.pull()}
    assert client.pull() == []
    open311.site.do("duty", plain, "accept")
    (one,) = client.pull()
    assert (one["service_request_id"], one["status"], one["description"]) == (plain, "INVESTIGATING", "已受理")
    # FixMyStreet asks for everything of its jurisdiction, and sends its key with reads, too.
    listed = open311.http.get(f"{open311.url}/requests.xml", params={"jurisdiction_id": PARK, "api_key": "x"})
    assert plain in listed.text
