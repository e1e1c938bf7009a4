"""Files that a report brings, and those that it names by their addresses: none of them loses the report."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from models.policy.questions import Question, QuestionKind, Reading
from tests.api.harness import a_picture
from tests.open311.conftest import HERE, Interface

#: How long a fetch may take, in seconds.
FETCHED_WITHIN = 40.0
PICTURE, OTHER = a_picture("#5577aa"), a_picture("#55aa77")


@pytest.fixture(scope="module", autouse=True)
def fetched_soon() -> Iterator[None]:
    """A worker looks for files oftener than every five seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.open311.media.LOOK_EVERY", 0.2)
        yield


class Files(BaseHTTPRequestHandler):
    """Two pictures, a text, a redirect to the picture; anything else is not there."""

    def do_GET(self) -> None:
        """Answer one request."""
        status = {"/picture.png": 200, "/other.png": 200, "/text.html": 200, "/moved": 302}.get(self.path, 404)
        body = {
            "/picture.png": PICTURE,
            "/other.png": a_picture("#55aa77"),
            "/text.html": b"<html>no picture</html>",
        }.get(self.path, b"")
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/picture.png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served_files() -> Iterator[str]:
    """Serve them on this machine; the address is given."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def media_of(open311: Interface, number: str) -> list[tuple[str | None, str | None, str | None]]:
    """What has become of the files that a report names: the address while it is tried, the hash, the failure."""

    async def read() -> list[tuple[str | None, str | None, str | None]]:
        async with open311.site.harness.engine.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT m.url, m.sha256, m.failure FROM open311_media m JOIN cases c USING (report_id)"
                    " WHERE c.case_no = :no ORDER BY m.id"
                ),
                {"no": number},
            )
            return [(row.url, row.sha256, row.failure) for row in rows]

    return open311.site.run(read())


def wait_for(open311: Interface, number: str) -> list[tuple[str | None, str | None, str | None]]:
    """Wait until each file of the report was tried."""
    end = time.monotonic() + FETCHED_WITHIN
    while True:
        found = media_of(open311, number)
        if all(sha256 is not None or failure is not None for _, sha256, failure in found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.2)


def test_files_are_fetched_later_and_none_loses_the_report(open311: Interface) -> None:
    harness, site = open311.site.harness, open311.site
    with served_files() as place:
        good = open311.report(**{"media_url": [f"{place}/picture.png", f"{place}/gone.png"]})
        refused = open311.report(**{"media_url[]": [f"{place}/text.html", f"{place}/moved", "http://127.0.0.2/a.png"]})
        odd = open311.report(media_url="ftp://example.org/a.png")
        fetched, gone = sorted(wait_for(open311, good), key=lambda one: one[1] is None)
        left = wait_for(open311, refused)
        (never,) = wait_for(open311, odd)
    assert fetched[0] is None
    assert site.run(harness.get("duty", f"/cases/{good}"))["attachments"] == [fetched[1]]
    assert gone[0] is not None, "what is not there now is tried again"
    assert gone[2] == "media_not_there"
    assert {one[2] for one in left} == {"attachment_type_refused", "redirect_refused", "address_refused"}
    assert never[2] == "address_refused"
    assert {one[0] for one in (*left, never)} == {None}, "no address is kept of what is settled"
    assert site.run(harness.kinds(refused)).count("commented") == 3
    assert site.run(harness.kinds(odd)).count("commented") == 1
    assert site.run(harness.kinds(good)).count("commented") == 0


@pytest.mark.parametrize(("code", "reading"), [("0398", Reading.INTERNAL), ("0397", Reading.PERSONAL)])
def test_a_picture_that_a_report_names_answers_the_question_for_one(
    open311: Interface, code: str, reading: Reading
) -> None:
    harness, site = open311.site.harness, open311.site
    photo = Question(
        code="photo", kind=QuestionKind.PHOTO, text_zh="照片", text_en="Photo", required=True, reading=reading
    )  # fmt: skip
    open311.ask(code, photo)
    (shown,) = open311.get(f"services/{code}.json").json()["attributes"]
    assert shown["required"] is False, "so a report without one is taken, and the desk sees that it is missing"
    with served_files() as place:
        bare = open311.report(service_code=code)
        named = open311.report(service_code=code, media_url=[f"{place}/picture.png", f"{place}/other.png"])
        hashes = [sha256 for _, sha256, _ in wait_for(open311, named)]
    case = site.run(harness.get("duty", f"/cases/{named}"))
    assert ([one["values"] for one in case["answers"]], case["unanswered"]) == ([case["attachments"]], [])
    assert set(case["attachments"]) == set(hashes)
    assert [one["question"] for one in site.run(harness.get("duty", f"/cases/{bare}"))["unanswered"]] == ["photo"]


def test_a_file_that_an_update_names_is_fetched_once(open311: Interface) -> None:
    number = open311.accepted()
    said = {
        "service_request_id": number, "update_id": "with-file", "status": "IN_PROGRESS",
        "updated_datetime": "2026-01-01T08:00:00Z", "description": "又漏了,见照片",
    }  # fmt: skip
    with served_files() as place:
        many = open311.post("servicerequestupdates.json", **said, media_url=[f"{place}/{n}.png" for n in range(4)])
        assert many.status_code == 400
        for _ in range(2):
            sent = open311.post("servicerequestupdates.json", **said, media_url=f"{place}/picture.png")
            assert sent.status_code == 200
        (fetched,) = wait_for(open311, number)
    case = open311.site.run(open311.site.harness.get("duty", f"/cases/{number}"))
    assert case["attachments"] == [fetched[1]]


def test_a_file_that_is_refused_leaves_nothing(open311: Interface) -> None:
    refused: dict[str, Any] = {
        "no picture": [("media", ("a.txt", b"no picture", "text/plain"))],
        "empty": [("media", ("a.png", b"", "image/png"))],
        "too many": [("media", (f"{n}.png", a_picture(f"#00000{n}"), "image/png")) for n in range(4)],
    }
    for name, files in refused.items():
        before = site_counts(open311)
        answer = open311.post(service_code="0302", **HERE, client_request_id=f"bad {name}", files=files)
        assert answer.status_code == 400, (name, answer.text)
        assert site_counts(open311) == before, name
    again = open311.post(service_code="0302", **HERE, client_request_id="bad empty")
    assert again.status_code == 200, "the same id may be used once the report is right"
    open311.site.clear_limits()


def site_counts(open311: Interface) -> tuple[int, int]:
    """How many cases there are, and how many reports of the interface."""

    async def count() -> tuple[int, int]:
        async with open311.site.harness.engine.connect() as connection:
            row = await connection.execute(
                text("SELECT (SELECT count(*) FROM cases), (SELECT count(*) FROM open311_reports)")
            )
            cases, reports = row.one()
            return int(cases), int(reports)

    return open311.site.run(count())
