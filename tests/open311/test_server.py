"""What the interface answers: lists, one request, errors, limits, tokens, in both formats."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import text

from services.open311.sweep import forget_attributes
from tests.builders import COMMUNITY, OTHER_PARK
from tests.open311.conftest import HERE, THERE, Interface

SERVICE = {"service_code": "0302"}
GOOD = {**SERVICE, **HERE}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("services.json", 200), ("services.xml", 200), ("services/0302.json", 200), ("services/0302.xml", 200),
        ("requests.json", 200), ("requests.xml", 200), ("discovery.json", 200), ("discovery.xml", 200),
        ("servicerequestupdates.json", 200), ("servicerequestupdates.xml", 200),
        ("services.yaml", 404), ("services/0302.csv", 404), ("requests.html", 404), ("requests/x.txt", 404),
        ("tokens/x.pdf", 404), ("discovery.csv", 404), ("services/nosuch.json", 404), ("services/0103 .json", 200),
        ("requests/nosuch.json", 404), ("requests/nosuch.xml", 404), ("tokens/nosuch.json", 404),
        ("tokens/019a0000-0000-7000-8000-000000000000.xml", 404),
    ],
)  # fmt: skip
def test_addresses(open311: Interface, path: str, status: int) -> None:
    answer = open311.get(path)
    assert answer.status_code == status, answer.text
    xml = not path.endswith(".json")
    assert answer.headers["content-type"] == ("text/xml; charset=utf-8" if xml else "application/json; charset=utf-8")
    assert answer.headers["access-control-allow-origin"] == "*"
    if xml:
        assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    if status != 200:
        (error,) = errors_of(answer)
        assert error["code"] == str(status)
        assert error["description"]


def errors_of(answer: Any) -> list[dict[str, str | None]]:
    if answer.headers["content-type"].startswith("application/json"):
        found: list[dict[str, str | None]] = answer.json()
        return found
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "errors"
    return [{part.tag: part.text for part in error} for error in root]


@pytest.mark.parametrize(
    ("params", "status", "said"),
    [
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400, "90"),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-01T00:00:00Z"}, 200, ""),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-01T00:00:01Z"}, 400, "90"),
        ({"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, 400, "90"),
        ({"updated_after": "2026-01-01T00:00:00Z", "updated_before": "2026-06-01T00:00:00Z"}, 400, "90"),
        ({"start_date": "2026-01-01T00:00:00"}, 400, "start_date"),
        ({"start_date": "2026-01-01"}, 400, "start_date"),
        ({"end_date": "yesterday"}, 400, "end_date"),
        ({"updated_after": "1767225600"}, 400, "updated_after"),
        ({"start_date": "9999-12-31T23:59:59Z"}, 400, ""),
        ({"start_date": "2026-01-01T08:00:00+08:00"}, 200, ""),
        ({"start_date": "2026-01-01T08:00:00 08:00"}, 200, ""),
        ({"start_date": "", "status": "", "page": ""}, 200, ""),
        ({"status": "open,closed"}, 200, ""),
        ({"status": "OPEN"}, 200, ""),
        ({"status": "done"}, 400, "done"),
        ({"page": "0"}, 400, "page"),
        ({"page_size": "1001"}, 400, "page_size"),
        ({"page_size": "-1"}, 400, "page_size"),
        ({"unknown": "x", "api_key": "y"}, 200, ""),
        ({"jurisdiction_id": ""}, 400, "jurisdiction_id"),
        ({"jurisdiction_id": "nowhere"}, 404, "nowhere"),
    ],
)
@pytest.mark.parametrize("suffix", ["json", "xml"])
def test_parameters_of_the_list(
    open311: Interface, params: dict[str, str], status: int, said: str, suffix: str
) -> None:
    answer = open311.get(f"requests.{suffix}", **params)
    assert answer.status_code == status, answer.text
    if status != 200:
        (error,) = errors_of(answer)
        assert said in (error["description"] or "")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({**GOOD, "api_key": ""}, 403),
        ({**GOOD, "api_key": "glo_wrong"}, 403),
        ({**GOOD, "api_key": "é" * 20}, 403),
        ({**SERVICE}, 400),
        ({**HERE}, 400),
        ({**SERVICE, "lat": "38.005"}, 400),
        ({**SERVICE, "long": "117.005"}, 400),
        ({**SERVICE, "lat": "38.005", "long": ""}, 400),
        ({**SERVICE, "lat": "91", "long": "117"}, 400),
        ({**SERVICE, "lat": "nan", "long": "117"}, 400),
        ({**SERVICE, "lat": "1", "long": "1"}, 400),
        ({**GOOD, "datum": "mars"}, 400),
        ({**SERVICE, "address_id": "nosuch"}, 400),
        ({**GOOD, "service_code": "nosuch"}, 404),
        ({**GOOD, "description": "长" * 4_001}, 400),
        ({**GOOD, "description": "a\x00b"}, 400),
        ({**GOOD, "phone": "12"}, 400),
        ({**GOOD, "client_request_id": "x" * 201}, 400),
        ({**GOOD, "jurisdiction_id": ""}, 400),
        ({**GOOD, "jurisdiction_id": "nowhere"}, 404),
        ({**GOOD, "jurisdiction_id": OTHER_PARK}, 403),
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["json", "xml"])
def test_refused_reports_leave_nothing(open311: Interface, fields: dict[str, str], status: int, suffix: str) -> None:
    before = open311.site.run(open311.site.harness.stored())
    answer = open311.post(f"requests.{suffix}", **fields)
    assert answer.status_code == status, answer.text
    assert [error["code"] for error in errors_of(answer)] == [str(status)]
    assert "access-control-allow-origin" not in answer.headers
    assert open311.site.run(open311.site.harness.stored()) == before


@pytest.mark.parametrize(
    ("key", "fields", "status"),
    [
        ("elsewhere", GOOD, 403),
        ("elsewhere", {**GOOD, "jurisdiction_id": OTHER_PARK}, 403),
        ("micro_2", GOOD, 403),
        ("micro_2", {**SERVICE, **THERE}, 200),
        ("micro_2", {**SERVICE, "address_id": COMMUNITY}, 403),
        ("community", GOOD, 200),
        ("community", {**SERVICE, "address_string": "东门口"}, 200),
        ("park", {**SERVICE, "address_id": COMMUNITY}, 200),
        ("park", {**SERVICE, "address_id": "#NOTPINPOINTED#"}, 200),
        ("park", {**GOOD, "address_id": "#NOTPINPOINTED#"}, 200),
    ],
)
def test_a_key_reaches_its_unit_and_those_below(
    open311: Interface, key: str, fields: dict[str, str], status: int
) -> None:
    answer = open311.post(key=key, **fields)
    assert answer.status_code == status, answer.text


def test_the_same_id_is_one_case(open311: Interface) -> None:
    first = open311.report(client_request_id="a-1")
    assert open311.report(client_request_id="a-1") == first
    other = open311.report(client_request_id="a-2")
    assert other != first
    header = {"Idempotency-Key": "a-1"}
    data = {"jurisdiction_id": "130172100", "api_key": open311.keys["park"], **GOOD, "description": "沟里有红水"}
    again = open311.http.post(f"{open311.url}/requests.json", data=data, headers=header)
    assert again.json()[0]["service_request_id"] == first
    changed = open311.post(**GOOD, client_request_id="a-1", description="另一件事")
    assert changed.status_code == 400
    with_file = open311.post(
        **GOOD, client_request_id="a-1", description="沟里有红水", files={"media": ("a.png", b"x", "image/png")}
    )
    assert with_file.json()[0]["service_request_id"] == first
    of_another_key = open311.post(key="community", **GOOD, client_request_id="a-1", description="沟里有红水")
    assert of_another_key.json()[0]["service_request_id"] != first


def test_of_two_reports_at_once_under_one_id_one_is_taken(open311: Interface) -> None:
    said = [f"同时的{number % 2}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda words: open311.post(**GOOD, client_request_id="at-once", description=words), said)
        )
    taken = {words for words, answer in zip(said, answers, strict=True) if answer.status_code == 200}
    assert {answer.status_code for answer in answers} == {200, 400}
    (words,) = taken
    number = open311.report(client_request_id="at-once", description=words)
    assert open311.site.run(open311.site.harness.get("duty", f"/cases/{number}"))["description"] == words


def test_one_request_in_both_formats(open311: Interface) -> None:
    number = open311.accepted(description="沟里<有>红水 & 泡沫\n第二行,电话 13912345678")
    found = open311.one(number)
    assert found["service_request_id"] == number
    assert found["status"] == "open"
    assert found["service_code"] == "0302"
    assert found["description"] == "沟里<有>红水 & 泡沫\n第二行,电话 139****5678"
    assert (found["lat"], found["long"]) == (38.005, 117.005)
    root = ElementTree.fromstring(open311.get(f"requests/{number}.xml").content)
    (request,) = root
    assert root.tag == "service_requests"
    assert {part.tag: part.text for part in request} == {
        name: None if value is None else str(value) for name, value in found.items()
    }


def test_words_are_shown_once_a_desk_has_accepted_them(open311: Interface) -> None:
    number = open311.report(description="未经核实的话")
    assert open311.one(number)["description"] is None
    open311.site.do("duty", number, "accept")
    assert open311.one(number)["description"] == "未经核实的话"
    rejected = open311.report(description="辱骂他人的话")
    open311.site.do("duty", rejected, "reject", reason="不属于受理范围", right_channel="12345")
    found = open311.one(rejected)
    assert (found["status"], found["description"], found["lat"]) == ("closed", None, None)


def test_lists_are_filtered_and_paged(open311: Interface) -> None:
    numbers = [open311.report() for _ in range(3)]
    wage = open311.report(service_code="0201")
    open311.site.do("duty", numbers[0], "reject", reason="不属于受理范围", right_channel="12345")

    def listed(**params: Any) -> list[str]:
        answer = open311.get("requests.json", **params)
        assert answer.status_code == 200, answer.text
        return [one["service_request_id"] for one in answer.json()]

    assert listed()[:4] == [wage, *reversed(numbers)]
    assert listed(page_size="2") == [wage, numbers[2]]
    assert listed(page_size="2", page="2") == [numbers[1], numbers[0]]
    assert wage not in listed(service_code="0302,0103")
    assert set(listed(service_code="0302, 0201")[:4]) == {wage, *numbers}
    assert {numbers[0], numbers[1]} & set(listed(status="closed")) == {numbers[0]}
    assert {numbers[0], numbers[1]} & set(listed(status="open")) == {numbers[1]}
    assert listed(service_request_id=f"{numbers[1]},nosuch", status="closed") == [numbers[1]]
    assert listed(service_request_id="nosuch") == []
    changed = open311.one(numbers[0])["updated_datetime"]
    assert numbers[0] in listed(updated_after=changed)
    assert numbers[0] not in listed(updated_before=changed)
    assert listed(start_date="2020-01-01T00:00:00Z", end_date="2020-02-01T00:00:00Z") == []


def test_the_table(open311: Interface) -> None:
    number = open311.accepted(description='=cmd|" /C calc",逗号,“引号"\n换行')
    answer = open311.get("requests-bulk.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.split("\r\n", 1)[0].count(",") == 13
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    (row,) = (one for one in rows if one["service_request_id"] == number)
    assert row["description"] == '\'=cmd|" /C calc",逗号,“引号"\n换行'
    assert (row["status_description"], row["closed_date"], row["lat"]) == ("open", "", "38.005")


def test_unasked_attributes_are_forgotten(open311: Interface) -> None:
    open311.report(**{"attribute[anything]": "某人的话", "client_request_id": "with-attributes"})
    harness = open311.site.harness

    async def kept() -> list[Any]:
        async with harness.engine.connect() as connection:
            query = text("SELECT attributes FROM open311_reports WHERE client_id = 'with-attributes'")
            return list((await connection.execute(query)).scalars())

    async def forget(days: int) -> None:
        await forget_attributes(harness.engine, datetime.now(UTC) + timedelta(days=days))

    open311.site.run(forget(1))
    assert open311.site.run(kept()) == [{"anything": ["某人的话"]}]
    open311.site.run(forget(91))
    assert open311.site.run(kept()) == [{}]
