"""Suggestions at intake: learnt from a park's own closed cases, shown to who chooses, counted when they have chosen."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.settings import Settings
from models.ids import new_id
from models.jobs.suggestions import TRAINING_WORKFLOW, TrainingDone
from models.wire_names import heavy_queue
from services.suggestions import store
from services.suggestions.store import LoadedModels, models_of, newest_model
from services.suggestions.train import train_all
from tests.api.harness import ApiHarness, open_harness
from tests.builders import MICRO, OTHER_MICRO, PARK
from tests.closed_cases import PLACES, TOLD
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Makes closed cases of one: what a model reads of them.
_COPY = text("""
    INSERT INTO cases SELECT (jsonb_populate_record(c, jsonb_build_object(
        'report_id', gen_random_uuid(), 'case_no', CAST(:no AS text), 'title', CAST(:title AS text), 'description', '',
        'category', CAST(:category AS text), 'severity', CAST(:severity AS text), 'outcome', 'solved',
        'closed_at', now() - CAST(:n AS int) * interval '1 minute',
        'reported_at', now() - CAST(:n AS int) * interval '1 minute' - interval '1 hour',
        'archived_at', now()))).* FROM cases c WHERE c.case_no = :model
""")


async def fill(engine: AsyncEngine, model: str, count: int) -> None:
    """Add so many closed cases of three categories, like the case `model` otherwise."""
    async with transaction(engine) as connection:
        for n in range(count):
            category = list(TOLD)[n % 3]
            words, severity, _ = TOLD[category]
            title = f"{PLACES[n % 7]}{words}"
            values = {"n": n, "no": f"x{n}", "title": title, "category": category, "severity": severity}
            await connection.execute(_COPY, {**values, "model": model})


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("suggestions")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def untaught(harness: ApiHarness) -> Any:
    """What is suggested while there is no model."""
    case = await harness.report(title="化工厂雨水口流出彩色废水", category="0201")
    return case, await harness.get("duty", f"/cases/{case['case_no']}/suggestions")


def few(harness: ApiHarness) -> Settings:
    """Settings under which sixty cases are enough."""
    return harness.settings.model_copy(update={"suggestion_cases": 60})


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def taught(harness: ApiHarness, untaught: Any) -> TrainingDone:
    """A model of the first park."""
    assert (await train_all(harness.engine, few(harness))).silent == {PARK: "few", OTHER_MICRO[:9]: "few"}
    await fill(harness.engine, untaught[0]["case_no"], 90)
    return await train_all(harness.engine, few(harness))


async def wrong(harness: ApiHarness, **fields: Any) -> Any:
    """A new case that was reported under the wrong category."""
    told = {"title": "化工厂雨水口流出彩色废水", "category": "0201", **fields}
    return await harness.report(**told)


async def suggested(harness: ApiHarness, case_no: str, username: str = "duty") -> dict[str, Any]:
    answer = await harness.get(username, f"/cases/{case_no}/suggestions")
    return {one["target"]: one for one in answer["items"]} | {"id": answer["id"]}


async def uses(harness: ApiHarness, case_no: str) -> list[tuple[str, str, str]]:
    async with harness.engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT target, suggested, chosen FROM suggestion_uses JOIN cases USING (report_id)"
                " WHERE case_no = :no ORDER BY at, target"
            ),
            {"no": case_no},
        )
        return [(row.target, row.suggested, row.chosen) for row in rows]


async def decided(harness: ApiHarness) -> dict[str, tuple[int, int]]:
    """How many suggestions of the newest model were taken, of how many shown."""
    parks = (await harness.get("admin", "/admin/suggestions"))["parks"]
    newest = next(park for park in parks if park["park"] == PARK)["models"][0]
    return {one["target"]: (one["taken"], one["shown"]) for one in newest["decided"]}


async def test_without_a_model_nothing_is_suggested(untaught: Any) -> None:
    assert untaught[1] == {"id": None, "version": None, "items": []}


async def test_a_model_is_made_once_a_day_and_at_once_when_asked(harness: ApiHarness, taught: TrainingDone) -> None:
    assert taught.made == {PARK: 1}
    again = await train_all(harness.engine, few(harness))
    assert again.silent[PARK] == "recent"
    async with harness.engine.connect() as connection:
        row = await newest_model(connection, PARK)
    assert row is not None
    assert row.cases == 90
    assert await models_of(harness.settings).size(row.object) == row.size


async def test_the_schedule_runs_the_workflow(harness: ApiHarness, taught: TrainingDone) -> None:
    done = await harness.temporal.execute_workflow(
        TRAINING_WORKFLOW,
        id=f"train-{uuid4()}",
        task_queue=heavy_queue(harness.settings.case_queue),
        result_type=TrainingDone,
    )
    assert done.silent[PARK] == "recent"


async def test_the_category_is_suggested_with_its_words_and_how_often_it_was_right(
    harness: ApiHarness, taught: TrainingDone
) -> None:
    case = await wrong(harness)
    found = await suggested(harness, case["case_no"])
    category = found["category"]
    assert (category["value"], category["name"], category["agrees"]) == ("0302", "废水直排", False)
    assert category["certainty"] >= 0.7
    assert any("雨水口" in word or "废水" in word for word in category["words"])
    assert category["was_right"]["right"] == category["was_right"]["shown"] >= 10
    assert found["severity"]["value"] == "urgent"
    english = await harness.get("duty", f"/cases/{case['case_no']}/suggestions", headers={"Accept-Language": "en"})
    assert english["items"][0]["name"] == "Waste water discharge"


async def test_only_who_chooses_gets_suggestions(harness: ApiHarness, taught: TrainingDone) -> None:
    case = await wrong(harness)
    assert await suggested(harness, case["case_no"], "worker") == {"id": None}
    hidden = await harness.ask("other_duty", f"/cases/{case['case_no']}/suggestions")
    assert hidden.status_code == 404
    await harness.do("duty", case["case_no"], "reject", reason="非本园", right_channel="12345")
    assert await suggested(harness, case["case_no"]) == {"id": None}


async def test_nothing_is_learnt_across_parks(harness: ApiHarness, taught: TrainingDone) -> None:
    case = await wrong(harness, username="other_duty", grid=OTHER_MICRO)
    assert await suggested(harness, case["case_no"], "other_duty") == {"id": None}
    mine = (await suggested(harness, (await wrong(harness))["case_no"]))["id"]
    told = await harness.refused("other_duty", case["case_no"], "accept", suggestion=mine)
    assert told == (422, "no_such_suggestion")


async def test_what_becomes_of_a_suggestion_is_counted_once(harness: ApiHarness, taught: TrainingDone) -> None:
    before = await decided(harness)
    taken, refused = await wrong(harness), await wrong(harness)
    id_ = (await suggested(harness, taken["case_no"]))["id"]
    key = {"Idempotency-Key": str(new_id())}
    body = {"category": "0302", "reason": "采用建议", "suggestion": id_}
    for _ in range(2):
        answer = await harness.command("duty", taken["case_no"], "recategorise", key, **body)
        assert answer.status_code == 200
        assert answer.json()["category"] == "0302"
    await harness.do("duty", taken["case_no"], "accept", suggestion=id_)
    await harness.do("duty", refused["case_no"], "accept", suggestion=id_)
    assert ("category", "0302", "0302") in await uses(harness, taken["case_no"])
    assert ("category", "0302", "0201") in await uses(harness, refused["case_no"])
    after = await decided(harness)
    known = before.get("category", (0, 0))
    assert after["category"] == (known[0] + 1, known[1] + 2)
    facts = await harness.get("admin", f"/cases/{taken['case_no']}/facts")
    assert all("suggestion" not in fact["body"] for fact in facts)


async def test_a_command_that_is_refused_counts_nothing(harness: ApiHarness, taught: TrainingDone) -> None:
    case = await wrong(harness)
    id_ = (await suggested(harness, case["case_no"]))["id"]
    before = await decided(harness)
    told = await harness.refused("duty", case["case_no"], "recategorise", category="9999", reason="x", suggestion=id_)
    assert told == (422, "unknown_category")
    assert await decided(harness) == before


@pytest.mark.parametrize(
    ("given", "code"), [("01a22a0b-4c62-72c4-aaa0-88acdad028cf", "no_such_suggestion"), ("abc", "bad_request_body")]
)
async def test_a_suggestion_that_is_none_is_refused_and_nothing_is_recorded(
    harness: ApiHarness, taught: TrainingDone, given: str, code: str
) -> None:
    case = await wrong(harness)
    answer = await harness.command("duty", case["case_no"], "accept", suggestion=given)
    assert answer.status_code == 422
    if code == "no_such_suggestion":
        assert answer.json()["code"] == code
        assert answer.json()["errors"][0]["pointer"] == "/suggestion"
    assert (await harness.get("duty", f"/cases/{case['case_no']}"))["stage"] == "receive"


async def test_words_that_are_typed_get_a_category(harness: ApiHarness, taught: TrainingDone) -> None:
    answer = await harness.send("worker", "/suggestions", {"description": "雨水口流出彩色废水,有泡沫"})
    assert answer.status_code == 200
    assert [(one["target"], one["value"]) for one in answer.json()["items"]] == [("category", "0302")]
    unlike = await harness.send("worker", "/suggestions", {"description": "你好"})
    assert unlike.json()["items"] == []
    elsewhere = await harness.send("worker", "/suggestions", {"description": "废水", "grid": OTHER_MICRO})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "unknown_grid")


async def test_a_report_counts_what_was_suggested_while_it_was_typed(harness: ApiHarness, taught: TrainingDone) -> None:
    """The last decision counts: the desk's own, once it accepts under a suggestion."""
    said = "雨水口流出彩色废水,有泡沫"
    id_ = (await harness.send("worker", "/suggestions", {"description": said})).json()["id"]
    before = (await decided(harness)).get("category", (0, 0))
    taken = await wrong(harness, title="废水", description=said, category="0302", suggestion=id_)
    other = await wrong(harness, title="废水", description=said, category="0201", suggestion=id_)
    assert await uses(harness, taken["case_no"]) == [("category", "0302", "0302")]
    assert await uses(harness, other["case_no"]) == [("category", "0302", "0201")]
    assert (await decided(harness))["category"] == (before[0] + 1, before[1] + 2)
    await harness.do("duty", other["case_no"], "recategorise", category="0302", reason="采用建议", suggestion=id_)
    assert (await decided(harness))["category"] == (before[0] + 2, before[1] + 2)
    facts = await harness.get("admin", f"/cases/{taken['case_no']}/facts")
    assert all("suggestion" not in fact["body"] for fact in facts)


async def test_a_report_sent_again_counts_once_and_is_the_same_report(
    harness: ApiHarness, taught: TrainingDone
) -> None:
    said = "雨水口流出彩色废水,有泡沫"
    id_ = (await harness.send("worker", "/suggestions", {"description": said})).json()["id"]
    body = {"report_id": str(new_id()), "category": "0302", "description": said, "grid": MICRO}
    first = await harness.send("worker", "/cases", body)
    again = await harness.send("worker", "/cases", {**body, "suggestion": id_})
    assert (first.status_code, again.status_code) == (201, 200)
    await harness.send("worker", "/cases", {**body, "suggestion": id_})
    assert await uses(harness, first.json()["case_no"]) == [("category", "0302", "0302")]


async def test_a_report_is_never_refused_for_its_suggestion(harness: ApiHarness, taught: TrainingDone) -> None:
    said = "雨水口流出彩色废水,有泡沫"
    id_ = (await harness.send("worker", "/suggestions", {"description": said})).json()["id"]
    unknown = await wrong(harness, description=said, suggestion=str(new_id()))
    elsewhere = await wrong(harness, username="other_duty", grid=OTHER_MICRO, description=said, suggestion=id_)
    unlike = await wrong(harness, title="你好", description="你好", suggestion=id_)
    async with transaction(harness.engine) as connection:
        row = await newest_model(connection, PARK)
        assert row is not None
        later = [replace(row, id=new_id(), version=row.version + n) for n in range(1, store.KEPT_VERSIONS + 1)]
        for one in later:
            await store.add_model(connection, one)
        assert not await store.is_kept(connection, row)
    expired = await wrong(harness, description=said, suggestion=id_)
    async with transaction(harness.engine) as connection:
        gone = {"gone": [one.id for one in later]}
        await connection.execute(text("DELETE FROM suggestion_models WHERE id = ANY (:gone)"), gone)
    for case in (unknown, elsewhere, unlike, expired):
        assert await uses(harness, case["case_no"]) == []
    answer = await harness.send("worker", "/cases", {"report_id": str(new_id()), "category": "0302", "suggestion": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/suggestion")


async def test_figures_are_for_who_administers(harness: ApiHarness, taught: TrainingDone) -> None:
    assert (await harness.ask("worker", "/admin/suggestions")).status_code == 403
    mine = await harness.get("supervisor", "/admin/suggestions")
    assert [park["park"] for park in mine["parks"]] == [PARK]


async def test_bytes_that_are_gone_or_altered_say_nothing(
    harness: ApiHarness, taught: TrainingDone, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness.engine.connect() as connection:
        row = await newest_model(connection, PARK)
    assert row is not None
    fresh = LoadedModels()
    assert await fresh.load(harness.settings, row) is not None
    other = replace(row, id=new_id(), sha256="0" * 64)
    assert await fresh.load(harness.settings, other) is None
    assert await fresh.load(harness.settings, replace(row, id=new_id(), object="gone.npz")) is None
    case = await wrong(harness)
    monkeypatch.setattr("services.suggestions.suggest.LOADED", fresh)
    blocked = harness.settings.data_dir / "blocked"
    blocked.write_text("")
    away = harness.settings.model_copy(update={"suggestion_models": str(blocked)})
    assert await LoadedModels().load(away, row) is None
    assert (await suggested(harness, case["case_no"]))["category"]["value"] == "0302"


async def test_two_trainings_at_once_leave_one_version(harness: ApiHarness, taught: TrainingDone) -> None:
    async with harness.engine.connect() as connection:
        row = await newest_model(connection, PARK)
    assert row is not None
    async with transaction(harness.engine) as connection:
        assert not await store.add_model(connection, replace(row, id=new_id()))
        assert await store.add_model(connection, replace(row, id=new_id(), version=row.version + 1))
