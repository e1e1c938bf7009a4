"""A draft changed row by row: every row is read and written back, and two people overwrite nothing of each other."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import yaml
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.errors import DraftChanged, InputError, NoSuchPage, NotYours
from models.policy.document import Policy
from models.policy.handovers import HandoverPolicy
from services.admin import policies
from services.admin.draft_rows import Compared, change_row, compare_draft
from services.admin.policy_rows import SECTIONS, Section, rows, write_row
from services.files.reference_files import BadFile
from services.files.shipped import POLICY
from services.policies.files import read_policy
from tests.builders import small_park
from tests.services.admin.test_admin import ADMIN, NOW


@pytest.fixture(scope="module")
def demo() -> Policy:
    """The policy of the demonstration."""
    return read_policy(POLICY)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_written_back_as_it_is_changes_nothing(demo: Policy, section: Section) -> None:
    data = demo.model_dump(mode="json")
    found = rows(data, section)
    assert found
    for key, row in found.items():
        write_row(data, section, key, row.values)
    assert Policy.model_validate(data) == demo


async def draft_of(engine: AsyncEngine, policy: Policy) -> UUID:
    async with transaction(engine) as connection:
        typed = policies.DraftText(title="草稿", content=policies.to_yaml(policy))
        return await policies.new_draft(connection, ADMIN, typed, NOW)


async def change(engine: AsyncEngine, id_: UUID, section: Section, key: str, shown: Any = None, **values: Any) -> None:
    """Change a row as a form does that was opened just now, or when the row was as `shown`."""
    async with transaction(engine) as connection:
        draft = await policies.get_draft(connection, id_)
        now = rows(Policy.model_validate(read(draft.content)).model_dump(mode="json"), section).get(key)
        await change_row(
            connection, ADMIN, id_, section, key,
            shown=shown or dict(now.values if now else {}), values=values, now=datetime.now(UTC),
        )  # fmt: skip


def read(content: str) -> object:
    return yaml.load(content, yaml.CSafeLoader)


async def compared(engine: AsyncEngine, id_: UUID) -> Compared:
    async with engine.connect() as connection:
        return await compare_draft(connection, await policies.get_draft(connection, id_))


async def in_force(engine: AsyncEngine) -> Policy:
    async with engine.connect() as connection:
        return (await policies.read_policy_version(connection, None))[1]


async def test_a_changed_row_stands_beside_what_it_was(engine: AsyncEngine) -> None:
    await small_park(engine)
    published = await in_force(engine)
    id_ = await draft_of(engine, published)
    assert (await compared(engine, id_)).changed == 0
    key = next(iter(rows(published.model_dump(mode="json"), "limits")))
    await change(engine, id_, "limits", key, amount="6", unit="work_hour")
    await change(engine, id_, "routes", published.routes[-1].id, why_zh="改了理由")
    await change(engine, id_, "categories", published.categories[0].code, name_zh="改了名称")
    await change(engine, id_, "calendars", published.calendars[0].name, name_zh="办公日历", name_en="Office days")
    await change(engine, id_, "handovers", "handovers", link_days="3", answer_hours="4.5")
    found = await compared(engine, id_)
    changed = {pair.row.key: pair for pairs in found.pairs.values() for pair in pairs if pair.differs}
    names = {published.routes[-1].id, published.categories[0].code, published.calendars[0].name, "handovers"}
    assert set(changed) == {key, *names}
    assert found.policy.handovers == HandoverPolicy(link_days=3, answer_hours=4.5)
    pair = changed[key]
    assert pair.was is not None
    assert pair.now is not None
    assert (pair.now.values["amount"], pair.now.values["unit"]) == ("6", "work_hour")
    assert pair.was.values["amount"] != "6"
    assert found.others == ()
    assert found.policy.calendars[0].label("en") == "Office days"
    assert await in_force(engine) == published, "a draft changes nothing"


async def test_two_people_change_one_draft(engine: AsyncEngine) -> None:
    await small_park(engine)
    published = await in_force(engine)
    id_ = await draft_of(engine, published)
    first, second, *_ = rows(published.model_dump(mode="json"), "limits").values()
    seen = dict(first.values)
    await change(engine, id_, "limits", first.key, amount="6")
    with pytest.raises(DraftChanged):  # the same row, as it was before
        await change(engine, id_, "limits", first.key, shown=seen, amount="7")
    await change(engine, id_, "limits", first.key, shown=seen, amount="6")  # the same change twice is none
    await change(engine, id_, "limits", second.key, shown=dict(second.values), amount="8")  # another row: both stay
    now = rows((await compared(engine, id_)).policy.model_dump(mode="json"), "limits")
    assert (now[first.key].values["amount"], now[second.key].values["amount"]) == ("6", "8")
    async with engine.connect() as connection:
        mark = (await policies.get_draft(connection, id_)).mark
    async with transaction(engine) as connection:
        text = policies.DraftText(title="草稿", content=policies.to_yaml(published))
        await policies.save_draft(connection, ADMIN, id_, text, NOW, seen=mark)
    other = policies.DraftText(title="草稿", content="name: x")
    with pytest.raises(DraftChanged):
        async with transaction(engine) as connection:
            await policies.save_draft(connection, ADMIN, id_, other, NOW, seen=mark)
    with pytest.raises(DraftChanged):
        await policies.publish_draft(engine, ADMIN, id_, None, NOW, seen=mark)


async def test_the_questions_of_a_category_are_changed_as_yaml(engine: AsyncEngine) -> None:
    await small_park(engine)
    published = await in_force(engine)
    id_ = await draft_of(engine, published)
    row = rows(published.model_dump(mode="json"), "questions")["0301"]
    assert "max: 500" in row.values["questions"]
    text = row.values["questions"].replace("max: 500", "max: 600")
    await change(engine, id_, "questions", "0301", questions=text)
    await change(engine, id_, "questions", "0302", questions="- {code: a, kind: text, text_zh: 甲, text_en: A}")
    found = await compared(engine, id_)
    assert {pair.row.key for pair in found.pairs["questions"] if pair.differs} == {"0301", "0302"}
    assert found.others == ()
    assert [one.code for one in found.policy.questions("0302")] == ["a"]
    await change(engine, id_, "questions", "0302", questions="")
    assert (await compared(engine, id_)).policy.questions("0302") == ()
    for broken, why in (
        ("- {code: a", "the YAML is broken at line"),
        ("code: a", "questions are a list"),
        ("- {code: a, kind: choice, text_zh: 甲, text_en: A}", "#1 options: a choice has at least two options"),
        ("- {code: a, kind: number, text_zh: 甲, text_en: A, min: 2, max: 1}", "#1 min: the smallest number"),
    ):
        with pytest.raises(InputError) as refused:
            await change(engine, id_, "questions", "0302", questions=broken)
        assert why in refused.value.message("en")


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("limits", {"amount": "soon"}),
        ("limits", {"amount": "-1"}),
        ("limits", {"amount": ""}),
        ("limits", {"amount": "1.5", "unit": "legal_work_day"}),
        ("limits", {"unit": "fortnight"}),
        ("limits", {"source_kind": "law", "source_zh": ""}),
        ("categories", {"name_zh": " "}),
        ("categories", {"group": "77"}),
        ("routes", {"categories": "01", "grids": ""}),
        ("handovers", {"link_days": "0"}),
        ("handovers", {"link_days": "61"}),
        ("handovers", {"link_days": "2.5"}),
        ("handovers", {"answer_hours": "0"}),
        ("handovers", {"answer_hours": "soon"}),
        ("notifications", {"digest_minutes": "500"}),
        ("notifications", {"second_minutes": "never"}),
        ("notifications", {"quiet_since": "22:00", "quiet_until": "22:00"}),
        ("notifications", {"quiet_since": "22:00", "quiet_until": ""}),
    ],
)
async def test_what_makes_no_policy_is_refused_and_changes_nothing(
    engine: AsyncEngine, section: Section, values: dict[str, str]
) -> None:
    await small_park(engine)
    published = await in_force(engine)
    id_ = await draft_of(engine, published)
    found = rows(published.model_dump(mode="json"), section)
    key = published.routes[-1].id if section == "routes" else next(iter(found))
    with pytest.raises(InputError):
        await change(engine, id_, section, key, **values)
    assert (await compared(engine, id_)).changed == 0


async def test_what_a_policy_says_of_messages_is_changed_by_part(engine: AsyncEngine, demo: Policy) -> None:
    await small_park(engine)
    id_ = await draft_of(engine, demo)
    told = {"major_hazard": "1", "statutory_ceiling": "", "emergency": "1", "digest_minutes": "20",
            "quiet_since": "", "quiet_until": ""}  # fmt: skip
    await change(engine, id_, "notifications", "notifications.told", **told)
    await change(engine, id_, "notifications", "notifications.storm", items="40", window_items="90")
    await change(engine, id_, "notifications", "notifications.caps", sms="1/1, 4/60", mail="", feishu="2 / 5")
    found = await compared(engine, id_)
    rules = found.policy.notifications
    assert (rules.minimum, rules.digest_minutes, rules.quiet) == (("major_hazard", "emergency"), 20, None)
    assert (rules.storm.items, rules.storm.window_items, rules.storm.lasts_minutes) == (40, 90, 20)
    assert {name: [(cap.most, cap.minutes) for cap in caps] for name, caps in rules.caps.items()} == {
        "sms": [(1, 1), (4, 60)], "feishu": [(2, 5)],
    }  # fmt: skip
    assert rules.other_caps == demo.notifications.other_caps
    assert {pair.row.part for pair in found.pairs["notifications"] if pair.differs} == {"told", "storm", "caps"}
    for part, values, zh, en in (
        ("told", {"digest_minutes": "300"}, "合并间隔不能超过个人可选的最长间隔", "`digest_minutes` is no more than"),
        ("told", {"gather_seconds": "0"}, "第一件发出前等候(秒): ", "seconds that the first item waits for others: "),
        ("storm", {"settle_seconds": "600"}, "汇总的最迟时间不能早于静默秒数", "`settle_most_seconds` is no less"),
        ("told", {"digest_minutes": "1", "gather_seconds": "90"}, "等候不能长于合并间隔", "than `digest_minutes`"),
        (
            "told",
            {"digest_minutes": "240", "quiet_since": "09:00", "quiet_until": "06:00"},
            "免打扰以外的时间",
            "`digest_minutes` is no longer than the time outside `quiet`",
        ),
        ("storm", {"items": "200", "window_items": "100"}, "不能大于各处合计", "`items` is no more than"),
        ("storm", {"lasts_minutes": "1"}, "不能短于汇总的最迟秒数", "`lasts_minutes` is no shorter than"),
        (
            "caps",
            {"sms": "11/60 5/1440"},
            "短信: 60 分钟的上限(11 条)不能大于 1440 分钟的上限(5 条)",
            "SMS: the cap of 60 minutes (11) is no more than that of 1440 minutes (5)",
        ),
        ("caps", {"sms": "1/1 2/1"}, "短信: 1 分钟的上限写了两次", "SMS: the cap of 1 minutes is given twice"),
        ("caps", {"sms": "5 a minute"}, "上限“5”应写作 条数/分钟", "the cap “5” is written as messages/minutes"),
        ("caps", {"sms": "0/1"}, "短信: ", "SMS: "),
        ("caps", {"other": ""}, "未另列的渠道: ", "channels not named below: "),
    ):
        with pytest.raises(InputError) as refused:
            await change(engine, id_, "notifications", f"notifications.{part}", **values)
        assert zh in refused.value.message("zh")
        assert en in refused.value.message("en")


async def test_ladders_are_changed_step_by_step(engine: AsyncEngine, demo: Policy) -> None:
    await small_park(engine)
    id_ = await draft_of(engine, demo)
    await change(engine, id_, "ladders", "everyday.1", percent="60", who1="host", who2="supervisor@2", mode2="act")
    await change(engine, id_, "ladders", "everyday.name", name_zh="平常", name_en="")
    await change(engine, id_, "ladders", "everyday.repeat", times="1", held_amount="")
    ladder = (await compared(engine, id_)).policy.ladder("everyday")
    assert ladder is not None
    assert ladder.rungs[0].fraction == pytest.approx(0.6)
    assert [(target.host, target.level, target.mode) for target in ladder.rungs[0].targets] == [
        (True, None, "inform"), (False, 2, "act"),
    ]  # fmt: skip
    assert (ladder.name("zh"), ladder.name("en")) == ("平常", "everyday")
    assert (ladder.repeat and ladder.repeat.times, ladder.acknowledged_for) == (1, None)
    for values in ({"percent": "60", "after_amount": "2", "after_unit": "work_hour"}, {"percent": "300"}, {"who1": ""}):
        with pytest.raises(InputError):
            await change(engine, id_, "ladders", "everyday.1", **{"who2": "", **values})


async def test_who_may_not_change_and_what_is_not_there(engine: AsyncEngine) -> None:
    await small_park(engine)
    published = await in_force(engine)
    id_ = await draft_of(engine, published)
    with pytest.raises(NoSuchPage):
        await change(engine, id_, "limits", "nothing.accept", amount="1")
    nobody = ADMIN.model_copy(update={"grants": ()})
    with pytest.raises(NotYours):
        async with transaction(engine) as connection:
            await change_row(connection, nobody, id_, "routes", "x", shown={}, values={}, now=NOW)
    async with transaction(engine) as connection:
        broken = policies.DraftText(title="草稿", content="name: [")
        await policies.save_draft(connection, ADMIN, id_, broken, NOW)
    with pytest.raises(BadFile):
        await compared(engine, id_)
