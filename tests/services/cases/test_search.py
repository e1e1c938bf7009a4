"""The search: which cases words and numbers find, and what is marked of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.store.context import read_person
from models.commands import ExternalReference
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.cases.search import Excerpt, mark_words, read_excerpts, search_words
from services.reports.report_input import ReportInput
from services.reports.submit import submit
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Title and description of the cases that are sought.
CASES = {
    "lost": ("南门井盖丢失", ""),
    "broken": ("井盖破损 急", "丢失一块，LED灯下"),
    "flood": ("道路積水", "裏面全是污水，10㎡"),
    "wages": ("Unpaid wages, 3 months", "Straße 5 % of 100_000 \\ 'quoted'"),
    "lamp": ("灯不亮", ""),
}
FOUND = {
    "井盖": {"lost", "broken"},
    "井盖 丢失": {"lost", "broken"},
    "丢失\u3000井盖": {"lost", "broken"},
    "南门 井盖": {"lost"},
    "盖井": set(),
    "南门丢失": set(),
    "井盖破损急": set(),
    "灯": {"lamp", "broken"},
    "ｌｅｄ灯": {"broken"},
    "led": {"broken"},
    "积水": {"flood"},
    "積水": {"flood"},
    "里面 道路": {"flood"},
    "裡面": {"flood"},
    "井\u200b盖 南\u2060门": {"lost"},
    "UNPAID months": {"wages"},
    "strasse": {"wages"},
    "%": {"wages"},
    "100_": {"wages"},
    "\\": {"wages"},
    "'quoted'": {"wages"},
    "10m2": {"flood"},
    "没有这件事": set(),
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("search")) as opened:
        opened.numbers = {  # type: ignore[attr-defined]
            name: (await opened.report(**{**WAGES, "title": title, "description": description}))["case_no"]
            for name, (title, description) in CASES.items()
        }
        yield opened


async def found(harness: ApiHarness, words: str) -> set[str]:
    names = {number: name for name, number in harness.numbers.items()}  # type: ignore[attr-defined]
    page = await harness.get("duty", "/cases", q=words)
    assert page["total"] == len(page["items"])
    return {names[item["case_no"]] for item in page["items"]}


@pytest.mark.parametrize("words", FOUND)
async def test_words(harness: ApiHarness, words: str) -> None:
    assert await found(harness, words) == FOUND[words]


async def test_case_numbers_whole_in_parts_and_by_their_end(harness: ApiHarness) -> None:
    number: str = harness.numbers["flood"]  # type: ignore[attr-defined]
    wide = "".join(chr(0xFEE0 + ord(digit)) for digit in number)
    groups = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    for typed in (number, wide, f"\u202a{number}\u202c", groups, f"{number[:9]} {number[9:17]} {number[17:]}",
                  f"{number[:9]}-{number[9:17]}—{number[17:]}", number[-4:], number[-7:], f"积水 {number[-4:]}",
                  f"{number[9:17]} {number[17:]}"):  # fmt: skip
        assert await found(harness, typed) == {"flood"}, typed
    assert await found(harness, f"井盖 {number[-4:]}") == set()
    assert await found(harness, number[-3:]) == set()
    assert await found(harness, number[:9]) == set(CASES)


async def test_the_number_of_the_old_system(harness: ApiHarness) -> None:
    now = datetime.now(UTC)
    report = ReportInput(report_id=uuid4(), **WAGES)
    async with harness.engine.connect() as connection:
        worker = await read_person(connection, person_id("worker"))
    assert worker is not None
    number = ExternalReference(system="12345", number="LT-2026/1")
    sent = await submit(harness.app.state.services.resources, worker, report, now, number)
    assert sent.receipt is not None
    case_no = sent.receipt.case_no
    for typed in ("LT-2026/1", "ｌｔ-2026／1", "2026/1", "欠薪 lt"):
        assert [one["case_no"] for one in (await harness.get("duty", "/cases", q=typed))["items"]] == [case_no], typed
    assert (await harness.get("duty", f"/cases/{case_no}"))["external"] == {"system": "12345", "number": "LT-2026/1"}
    async with harness.engine.connect() as connection:
        items = (await list_cases(connection, worker, CaseFilter(q="LT-2026"), now, "zh")).items
        assert await read_excerpts(connection, items, search_words("lt-2026")) == {
            case_no: Excerpt("LT-2026/1", before=False, after=False)
        }


async def test_a_word_of_the_description_is_shown_with_what_stands_around_it(harness: ApiHarness) -> None:
    description = "前文" * 20 + "\n此处有异味。" + "后文" * 40
    case = await harness.report(**{**WAGES, "title": "车间气味", "description": description})
    now = datetime.now(UTC)
    async with harness.engine.connect() as connection:
        duty = await read_person(connection, person_id("duty"))
        assert duty is not None
        items = (await list_cases(connection, duty, CaseFilter(q="异味"), now, "zh")).items
        (excerpt,) = (await read_excerpts(connection, items, ("异味",))).values()
        assert await read_excerpts(connection, items, ("气味",)) == {}
    assert [item.case_no for item in items] == [case["case_no"]]
    assert excerpt.text.startswith("前文前文前文前文 此处有异味。后文")
    assert (len(excerpt.text), excerpt.before, excerpt.after) == (60, True, True)


async def test_what_is_marked() -> None:
    def marked(title: str, query: str) -> str:
        return "".join(
            f"[{piece}]" if is_found else piece for piece, is_found in mark_words(title, search_words(query))
        )

    assert marked("南门井盖丢失，井盖破损", "井盖 破损") == "南门[井盖]丢失，[井盖破损]"
    assert marked("道路積水", "积水") == "道路[積水]"
    assert marked("ＬＥＤ灯 10㎡", "led m2") == "[ＬＥＤ]灯 10[㎡]"
    assert marked("Straße", "STRASSE") == "[Straße]"
    assert marked("aaa", "aa") == "[aaa]"
    assert marked("没有", "井盖") == "没有"
    assert marked("", "井盖") == ""
