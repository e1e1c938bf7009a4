"""Whatever is sent to an address of the interface, the answer is one of GeoReport v2: also where no route is."""

from typing import Any

import pytest

from tests.open311.conftest import HERE, Interface
from tests.open311.test_server import errors_of

GOOD = {"service_code": "0302", **HERE}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", 404), ("GET", "services", 404), ("GET", "services/", 404), ("GET", "services.json/", 404),
        ("GET", "services.", 404), ("GET", "services/0302", 404), ("GET", "services/0302.xml/", 404),
        ("GET", "requests", 404), ("GET", "requests/x", 404), ("GET", "tokens/x", 404), ("GET", "nothing.json", 404),
        ("GET", "services/a/b.json", 404), ("GET", "services/%00.json", 404), ("GET", "requests/%ff.xml", 404),
        ("GET", "requests-bulk.json", 404), ("GET", "services/" + "x" * 3_000 + ".json", 404),
        ("GET", "../discovery", 404), ("GET", "../v3/services.json", 404),
        ("POST", "requests", 404), ("POST", "requests.json/", 404), ("POST", "requests.csv", 404),
        ("GET", "requests.json?service_request_id=%00", 400), ("GET", "requests.xml?service_code=%ff", 400),
        ("POST", "requests.json?description=%00", 400),
        ("PUT", "requests.json", 405), ("DELETE", "requests/x.xml", 405), ("POST", "services.json", 405),
        ("PATCH", "servicerequestupdates.xml", 405), ("POST", "discovery.json", 405),
    ],
)  # fmt: skip
def test_every_refusal_has_the_form_of_the_interface(open311: Interface, method: str, path: str, status: int) -> None:
    answer = open311.http.request(method, f"{open311.url}/{path}")
    assert answer.status_code == status, answer.text
    bare = path.partition("?")[0]
    media_type = "application/json" if bare.endswith(".json") else "text/xml"
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    (error,) = errors_of(answer)
    assert error["code"] == str(status)
    assert error["description"]
    assert ("access-control-allow-origin" in answer.headers) is (method == "GET")
    assert ("allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize(
    ("accepted", "media_type"),
    [("application/json", "application/json"), ("text/xml, application/json", "text/xml"), ("*/*", "text/xml")],
)
def test_without_a_suffix_errors_come_as_the_caller_accepts(open311: Interface, accepted: str, media_type: str) -> None:
    answer = open311.http.get(f"{open311.url}/services", headers={"Accept": accepted})
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, media_type)


@pytest.mark.parametrize(
    "path", ["services.json", "requests.xml", "discovery.json", "nothing.xml", "requests-bulk.csv"]
)
def test_head_is_get_without_its_body(open311: Interface, path: str) -> None:
    got, head = open311.http.get(f"{open311.url}/{path}"), open311.http.head(f"{open311.url}/{path}")
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "access-control-allow-origin"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize(
    ("path", "status", "allow", "reads"),
    [
        ("services.json", 204, "GET, HEAD, OPTIONS", True),
        ("requests.json", 204, "GET, HEAD, POST, OPTIONS", True),
        ("requests/1.xml", 204, "GET, HEAD, OPTIONS", True),
        ("nothing.json", 404, None, False),
    ],
)
def test_a_browser_may_let_any_page_read(
    open311: Interface, path: str, status: int, allow: str | None, reads: bool
) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    answer = open311.http.request("OPTIONS", f"{open311.url}/{path}", headers=asked)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)
    assert answer.headers.get("access-control-allow-methods") == ("GET, HEAD" if reads else None)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"lat": "91"}, ["lat"]),
        ({"long": "east"}, ["long"]),
        ({"lat": "north", "long": "east"}, ["lat", "long"]),
        ({"datum": "mars"}, ["datum"]),
        ({"address_string": "长" * 201}, ["address_string"]),
        ({"client_request_id": "x" * 201, "phone": "12"}, ["client_request_id", "phone"]),
        ({"first_name": "长" * 41, "last_name": "长" * 40}, ["first_name", "last_name"]),
        ({"media_url": "https://example.org/" + "x" * 2_000}, ["media_url"]),
        ({f"attribute[a{number}]": "v" for number in range(61)}, ["attribute"]),
    ],
)
def test_each_fault_names_its_parameter(open311: Interface, fields: dict[str, str], named: list[str]) -> None:
    answer = open311.post(**{**GOOD, **fields})
    assert answer.status_code == 400
    told = [str(error["description"]).partition(":")[0] for error in errors_of(answer)]
    assert sorted(told) == sorted(named)


_BYTES = "沟里有红水".encode("gbk")


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"description=" + _BYTES),
        ("application/x-www-form-urlencoded; charset=gbk", b"description=" + _BYTES),
        ("application/x-www-form-urlencoded", b"description=%B2%E2"),
        ("multipart/form-data; boundary=x",
         b'--x\r\ncontent-disposition: form-data; name="description"\r\n\r\n' + _BYTES + b"\r\n--x--\r\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("address", ["/open311/v2/requests.json", "/p/report"])
def test_text_in_another_encoding_is_refused_and_not_stored_as_something_else(
    open311: Interface, media_type: str, body: bytes, address: str
) -> None:
    before = open311.site.run(open311.site.harness.stored())
    query: dict[str, Any] = {"api_key": open311.keys["park"], "jurisdiction_id": "130172100", **GOOD}
    answer = open311.http.post(
        open311.site.url + address, params=query if "open311" in address else None, content=body,
        headers={"content-type": media_type, "origin": open311.site.url},
    )  # fmt: skip
    assert answer.status_code == 400, answer.text
    assert "UTF-8" in answer.text
    assert open311.site.run(open311.site.harness.stored()) == before


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, 400),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, 400),
        ({"start_date": "2020-01-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, 200),
        ({"start_date": "2026-01-01"}, 400),
        ({"status": "done"}, 400),
    ],
)
def test_periods_of_the_table(open311: Interface, params: dict[str, str], status: int) -> None:
    assert open311.get("requests-bulk.csv", **params).status_code == status
