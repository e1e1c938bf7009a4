"""The published clients, as they are installed, against the running interface.

`georeport` 0.3.1 runs on this Python, and only reads. `three` 0.8.0 was written for Python 2 and imports
`itertools.ifilter`, which this Python lacks: the test process adds that name to `itertools` before the import. The
package's files stay as they are.
"""

import io
import itertools
import time
from importlib import import_module
from typing import Any

import pytest
from georeport import GeoReport

from tests.api.harness import a_picture
from tests.builders import PARK
from tests.open311.conftest import HERE, Interface, unrecorded

#: How long a report that was held up may take to be recorded, in seconds.
RECORDED_WITHIN = 30.0


@pytest.fixture
def three(open311: Interface, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client of the package `three`, for JSON."""
    monkeypatch.setattr(itertools, "ifilter", filter, raising=False)
    kind = import_module("three").Three
    return kind(endpoint=open311.url, jurisdiction=PARK, api_key=open311.keys["park"])


@pytest.mark.parametrize("suffix", ["json", "xml"])
def test_georeport_reads(open311: Interface, suffix: str) -> None:
    number = open311.accepted(description="厂区东门污水外溢")
    client = GeoReport(open311.url, jurisdiction=PARK, output_format=suffix)
    services = {one["service_code"]: one for one in client.get_service_list()}
    assert services["0302"]["service_name"] == "废水直排"
    assert client.get_service_definition("0302")["service_code"] == "0302"
    listed = client.get_service_requests()
    assert number in [one["service_request_id"] for one in listed]
    one = client.get_service_request(number)
    assert one["service_request_id"] == number
    assert one["description"] == "厂区东门污水外溢"


def test_three_reads_and_reports(open311: Interface, three: Any) -> None:
    assert three.discovery()["endpoints"][0]["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert {one["service_code"] for one in three.services()} >= {"0103", "0201", "0302", "0390"}
    assert three.services("0302") == {"service_code": "0302", "attributes": []}
    (made,) = three.post("0302", **HERE, name="张 三", phone="13912345678", description="污水")
    number = made["service_request_id"]
    (one,) = three.request(number)
    assert (one["service_request_id"], one["status"]) == (number, "open")
    assert number in [one["service_request_id"] for one in three.requests()]
    assert number in [one["service_request_id"] for one in three.requests("0302", count=50)]
    assert three.requests(between=["01-01-2026", "01-31-2026"]) == []
    (with_photo,) = three.post("0302", address="东门口", media=io.BytesIO(a_picture("#123456")))
    case = open311.site.run(open311.site.harness.get("duty", f"/cases/{with_photo['service_request_id']}"))
    assert len(case["attachments"]) == 1
    assert "东门口" in case["description"]


def test_three_asks_for_the_number_of_a_token(open311: Interface, three: Any) -> None:
    with unrecorded(open311):
        (made,) = three.post("0302", **HERE, description="先收下,后登记", client_request_id="held-up")
        assert "service_request_id" not in made
        (waiting,) = three.token(made["token"])
        assert waiting == {"token": made["token"]}
        (again,) = three.post("0302", **HERE, description="先收下,后登记", client_request_id="held-up")
        assert again["token"] == made["token"]
    end = time.monotonic() + RECORDED_WITHIN
    while "service_request_id" not in (found := three.token(made["token"])[0]):
        assert time.monotonic() < end
        time.sleep(0.1)
    (one,) = three.request(found["service_request_id"])
    assert one["service_code"] == "0302"
    assert open311.report(description="先收下,后登记", client_request_id="held-up") == found["service_request_id"]
