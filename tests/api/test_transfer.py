"""What goes over the wire: answers compressed where it pays, and not sent again where the caller has them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from api.compression import MIN_BYTES
from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("transfer")) as opened:
        yield opened


async def test_the_categories_are_sent_once(harness: ApiHarness) -> None:
    headers = {**harness.signed_in("worker"), "Accept-Encoding": "gzip"}
    first = await harness.http.get("/categories", headers=headers)
    assert (first.status_code, first.headers["content-encoding"]) == (200, "gzip")
    assert len(first.content) > MIN_BYTES
    tag = first.headers["etag"]
    for known in (tag, f'"x", {tag}', tag.removeprefix("W/"), "*"):
        again = await harness.http.get("/categories", headers={**headers, "If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), known
    other = await harness.http.get("/categories", headers={**headers, "If-None-Match": '"0-other"'})
    assert other.json() == first.json()
    assert (await harness.http.get("/categories", headers={"If-None-Match": tag})).status_code == 401


async def test_small_answers_and_files_go_as_they_are(harness: ApiHarness) -> None:
    headers = {**harness.signed_in("worker"), "Accept-Encoding": "gzip"}
    small = await harness.http.get("/auth/me", headers=headers)
    assert "content-encoding" not in small.headers or len(small.content) >= MIN_BYTES
    sha256 = await harness.upload("worker", a_picture("green"))
    picture = await harness.http.get(f"/attachments/{sha256}", headers=headers)
    assert picture.status_code == 200
    assert "content-encoding" not in picture.headers
    plain = await harness.http.get("/categories", headers={**headers, "Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
