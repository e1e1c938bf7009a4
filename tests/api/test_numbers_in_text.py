"""Numbers of people that stand in what people write: whole only for those who speak with reporters (D9)."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from infra.store.context import read_person
from services.supervision.urges import UrgeFilter, list_urges
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import LABOUR, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOBILE, IDENTITY = "13912345678", "110101199003070011"


def in_two_days() -> str:
    return (datetime.now(UTC) + timedelta(days=2)).isoformat()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("numbers")) as opened:
        yield opened


async def test_numbers_in_text_are_hidden_from_those_who_need_not_see_them(harness: ApiHarness) -> None:
    typed = {"title": f"欠薪,电话{MOBILE}", "description": f"本人 {IDENTITY},{MOBILE}"}
    case_no = (await harness.report("worker", **{**WAGES, **typed}))["case_no"]
    await harness.do("duty", case_no, "accept", note=f"已致电 {MOBILE}")
    await harness.do("duty", case_no, "dispatch", host=LABOUR)
    for who, whole in (("duty", True), ("reviewer", False), ("labour_handler", False), ("supervisor", False),
                       ("auditor", False)):  # fmt: skip
        for path in (f"/cases/{case_no}", f"/cases/{case_no}/facts"):
            shown = json.dumps(await harness.get(who, path), ensure_ascii=False)
            assert (MOBILE in shown) == whole, (who, path)
            assert "139****5678" in shown or whole, (who, path)
        listed = json.dumps(await harness.get(who, "/cases", q="欠薪"), ensure_ascii=False)
        assert MOBILE not in listed
        assert "139****5678" in listed
    await harness.do("supervisor", case_no, "urge", reply_by=in_two_days(), note=f"请回电 {MOBILE}")
    async with harness.engine.connect() as connection:
        auditor = await read_person(connection, person_id("auditor"))
        assert auditor is not None
        orders = await list_urges(connection, auditor, UrgeFilter(), datetime.now(UTC), "zh")
    assert [line.note for line in orders.items] == ["请回电 139****5678"]
    described = (await harness.get("labour_handler", f"/cases/{case_no}"))["description"]
    assert described == "本人 1101**********0011,139****5678"
