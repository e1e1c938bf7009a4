"""A request whose case was merged shows how far the one goes with which it is handled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.open311.conftest import Interface, with_settings


def updates_of(open311: Interface, number: str) -> list[dict[str, Any]]:
    """The updates of a request, the oldest first."""
    begin = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = open311.get("servicerequestupdates.json", start_date=begin)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json() if one["service_request_id"] == number]


def listed(open311: Interface, number: str, **wanted: str) -> bool:
    """Whether the list that is wanted has the request."""
    answer = open311.get("requests.json", **wanted)
    assert answer.status_code == 200, answer.text
    return number in {one["service_request_id"] for one in answer.json()}


def is_in(open311: Interface, number: str) -> str:
    """The status under which lists and the table have the request."""
    found = {one for one in ("open", "closed") if listed(open311, number, status=one)}
    table = open311.get("requests-bulk.csv").text
    (row,) = [line for line in table.splitlines() if line.startswith(number)]
    (status,) = found
    assert f",{status}," in row
    return status


@pytest.mark.parametrize("chain", [False, True], ids=["one", "chain"])
def test_a_merged_request_follows_the_one_that_goes_on(open311: Interface, chain: bool) -> None:
    site = open311.site
    lead = open311.accepted(description="沟里有红水,先报")
    middle = open311.accepted(description="沟里有红水,又报") if chain else lead
    number = open311.accepted(description="沟里有红水,再报")
    site.do("duty", number, "merge", into=middle, reason="同一件事")
    if chain:
        site.do("duty", middle, "merge", into=lead, reason="同一件事")
    one = open311.one(number, extensions="true")
    assert (one["status"], is_in(open311, number)) == ("open", "open")
    assert one["status_notes"].startswith("与同一事项合并办理:")
    assert "DUPLICATE" not in {update["status"] for update in updates_of(open311, number)}
    known = one["updated_datetime"]

    site.do("duty", lead, "dispatch", host="environment")
    site.do("environment_handler", lead, "claim")
    one = open311.one(number, extensions="true")
    assert (one["status_notes"], one["agency_responsible"]) == (
        "与同一事项合并办理:办理中", open311.one(lead)["agency_responsible"],
    )  # fmt: skip
    attributes = one["extended_attributes"]
    assert (attributes["stage"], attributes["outcome"], attributes["merged"]) == ("handle", None, True)
    assert one["notes"][0]["description"] == "承办人员已开始办理"
    assert lead not in str(one)
    assert one["updated_datetime"] >= known
    assert listed(open311, number, updated_after=known)

    site.do("environment_handler", lead, "complete", result="已堵漏")
    site.do("reviewer", lead, "pass_review", answer="已处理")
    one = open311.one(number, **{"extensions": "true"})
    assert (one["status"], one["status_notes"], is_in(open311, number)) == (
        "closed",
        "与同一事项合并办理:已办结",
        "closed",
    )
    assert one["media_url"] is None, "photos of the other request are not shown"
    told = updates_of(open311, number)
    assert told[-1]["status"] == "FIXED"
    assert len({update["update_id"] for update in told}) == len(told)
    assert lead not in str(told)
    assert updates_of(open311, number) == told, "the ids stay"


def test_a_request_that_is_handled_alone_again_shows_its_own_progress(open311: Interface) -> None:
    site = open311.site
    lead, number = open311.accepted(description="臭味"), open311.accepted(description="还是臭味")
    site.do("duty", number, "merge", into=lead, reason="同一件事")
    site.do("duty", number, "unmerge", reason="不是一件事")
    site.do("duty", lead, "dispatch", host="environment")
    one = open311.one(number)
    assert (one["status"], one["status_notes"], one["agency_responsible"]) == ("open", "已受理,待派遣", None)
    assert updates_of(open311, number)[-1]["external_status_code"] == "unmerged"


def test_a_request_is_not_followed_into_what_is_not_published(open311: Interface) -> None:
    site = open311.site
    lead = open311.accepted(service_code="0201", description="欠薪")
    number = open311.accepted(description="也是欠薪")
    site.do("duty", number, "merge", into=lead, reason="同一件事")
    site.do("duty", lead, "dispatch", host="labour")
    assert updates_of(open311, number)[-1]["status"] == "ACTION_SCHEDULED"
    with with_settings(open311, open311_private=("02",)):
        one = open311.one(number)
        assert (one["status"], one["status_notes"]) == ("closed", "与同一事项合并办理")
        assert is_in(open311, number) == "closed"
        assert updates_of(open311, number)[-1]["status"] == "DUPLICATE"
