"""What is never told: who reported, and cases that are not public."""

from typing import Any

import pytest

from tests.api.harness import a_picture
from tests.builders import COMMUNITY
from tests.open311.conftest import Interface

FORMATS = ("json", "xml")
NAME, PHONE, MAIL, DEVICE = "欧阳知了", "13712340099", "secret-mail@example.org", "device-4711-x"
#: What a client may say of its user; nothing of it is ever told.
REPORTER = {
    "first_name": NAME, "last_name": "某某", "phone": PHONE, "email": MAIL, "device_id": DEVICE, "account_id": "acc-99",
    "attribute[contact]": "张家巷 9 号 2 单元",
}  # fmt: skip
HIDDEN = (NAME, "某某", PHONE, MAIL, DEVICE, "acc-99", "张家巷")


def everything(open311: Interface, number: str) -> str:
    """All that the interface tells of a request, in both formats, and the table."""
    parts = []
    for suffix in FORMATS:
        for path in (f"requests/{number}", "requests", "servicerequestupdates"):
            parts += [open311.get(f"{path}.{suffix}", extensions=extended).text for extended in ("", "true")]
    return "\n".join([*parts, open311.get("requests-bulk.csv").text])


def test_no_answer_tells_who_reported(open311: Interface) -> None:
    number = open311.accepted(description=f"污水外溢,联系 {PHONE}", **REPORTER)
    told = everything(open311, number)
    assert "污水外溢" in told
    assert [word for word in HIDDEN if word in told] == []
    assert "137****0099" in told
    posted = open311.post(service_code="0302", lat="38.005", long="117.005", **REPORTER).text
    assert [word for word in HIDDEN if word in posted] == []
    # They are kept for the desk, as by every other door.
    case = open311.site.run(open311.site.harness.get("duty", f"/cases/{number}"))
    assert case["reporter"]["contact_kept"] is True


def test_the_longest_name_is_kept(open311: Interface) -> None:
    open311.report(first_name="长" * 40, last_name="名" * 39)


@pytest.mark.parametrize("suffix", FORMATS)
def test_who_asks_to_stay_anonymous_is_in_no_list(open311: Interface, suffix: str) -> None:
    number = open311.report(anonymous="true", description="匿名反映的污水")
    site = open311.site
    site.do("duty", number, "accept")
    assert open311.get(f"requests/{number}.{suffix}").status_code == 404
    assert open311.get(f"requests.{suffix}", service_request_id=number).text.count(number) == 0
    for path in ("requests", "servicerequestupdates"):
        assert number not in open311.get(f"{path}.{suffix}", extensions="true").text
    assert number not in open311.get("requests-bulk.csv").text


@pytest.mark.parametrize("username", ["worker", "reporter", "duty"])
def test_a_case_of_another_door_is_not_public(open311: Interface, username: str) -> None:
    number = open311.site.report(username, description="别的渠道的原话")
    assert open311.get(f"requests/{number}.json").status_code == 404
    told = "\n".join(open311.get(f"{path}.json").text for path in ("requests", "servicerequestupdates"))
    assert number not in told
    assert "别的渠道的原话" not in told


def test_nobody_else_reports_by_this_channel(open311: Interface) -> None:
    for username in ("reporter", "worker", "duty", "admin"):
        answer = open311.site.run(
            open311.site.harness.send(
                username, "/cases",
                {"report_id": "019a0000-0000-7000-8000-0000000000aa", "category": "0302", "grid": COMMUNITY,
                 "title": "x", "source": "open311"},
            )
        )  # fmt: skip
        assert answer.status_code in (403, 422), username


def handled(open311: Interface, number: str, **review: Any) -> str:
    """Let a request be handled with a photo of the result and reviewed; return the photo's hash."""
    site, harness = open311.site, open311.site.harness
    site.do("duty", number, "accept")
    site.do("duty", number, "dispatch", host="environment")
    site.do("environment_handler", number, "claim")
    photo = site.run(harness.upload("environment_handler", a_picture("#224466")))
    site.do("environment_handler", number, "complete", result="内部处置细节", evidence=[photo])
    site.do("reviewer", number, "pass_review", answer="给反映人的答复", **review)
    return str(photo)


def test_photos_of_the_result_are_shown_once_released(open311: Interface) -> None:
    held, released = open311.report(), open311.report()
    handled(open311, held)
    handled(open311, released, release=True)
    assert open311.one(held)["media_url"] is None
    found = open311.one(released, extensions="true")
    assert found["status"] == "closed"
    assert found["extended_attributes"]["photos"] == [found["media_url"]]
    photo = open311.http.get(found["media_url"])
    assert photo.status_code == 200
    assert photo.headers["content-type"].startswith("image/")
    told = everything(open311, released)
    assert "内部处置细节" not in told
    assert "给反映人的答复" not in told
    assert {note["type"] for note in found["notes"]} == {"update"}


def test_what_is_told_is_what_the_progress_page_tells(open311: Interface) -> None:
    number = open311.report()
    handled(open311, number)
    words = {note["description"] for note in open311.one(number, extensions="true")["notes"]}
    assert {"已收到您的反映", "已受理", "已办结"} <= words
