"""Facts of the timeline in words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.base import Frozen
from models.case import Owner
from models.enums import EscalationMode, Level, OwnerKind, RequestKind, Role, Stage
from models.facts import (
    Acknowledged,
    ClaimEnded,
    CoHandlersAdded,
    Completed,
    Due,
    ErrandReturned,
    ErrandSettled,
    Explanation,
    InfoSupplied,
    Overdue,
    Reached,
    Recused,
    Redispatched,
    RequestLapsed,
    ReviewerAssigned,
    StepFired,
    SummonsMissed,
    TransferRequested,
    Unmerged,
    UrgeCancelled,
    VerificationReported,
    VerificationRequested,
)
from models.views import ActorView, FactView
from tests.web.views.test_list_address import a_visitor
from web.views.case.fact_sentences import fact_lines
from web.views.case.linked import SplitCases, split_cases

AT = datetime(2026, 11, 22, tzinfo=UTC)
DESK = Owner(kind=OwnerKind.UNIT, id="130172100")
PERSON = UUID(int=7)
NAMES = {"fire": "消防队", "labour": "人社局", "130172100": "丘头镇", str(PERSON): "李某"}
DUE = Due(stage=Stage.DISPATCH, limit=timedelta(hours=2), source="our choice", started_at=AT, due_at=AT)


def an_urge_order(**body: Any) -> FactView:
    actor = ActorView(kind="system", id=None, name="系统")
    return FactView(seq=9, at=AT, kind="urged", command="due", actor=actor, body={"urge_kind": "ordinary", **body})


def a_fact(body: Frozen) -> FactView:
    """The view of a fact with that body."""
    content = body.model_dump(mode="json")
    kind = str(content.pop("kind"))
    actor = ActorView(kind="person", id=None, name="王某")
    return FactView(seq=3, at=AT, kind=kind, command="x", actor=actor, body=content)


@pytest.mark.parametrize(
    ("language", "label", "cause"), [("zh", "起因", "最高层级仍超期"), ("en", "Cause", "overdue at the top level")]
)
def test_an_order_of_the_system_says_its_cause_once_in_the_readers_language(
    language: str, label: str, cause: str
) -> None:
    by_itself = an_urge_order(cause="overdue_at_the_top", note="已升至最高层级仍超期 · overdue at the top level")
    (told,) = fact_lines([by_itself], {}, a_visitor(language))
    assert [text for _, text in told.details if "overdue" in text or "超期" in text] == [cause]
    assert (label, cause) in told.details


def test_why_a_desk_received_it_names_the_unit_and_not_its_code() -> None:
    why = Explanation(
        rule="nearest", zh="由最近的单位 130172100 首接负责", en="the nearest unit is 130172100, not 130172999"
    )
    for language, said in (("zh", "由最近的单位 丘头镇 首接负责"), ("en", "the nearest unit is 丘头镇, not 130172999")):
        fact = a_fact(Acknowledged(note="", holds=True)).model_copy(update={"why": (why,)})
        (line,) = fact_lines([fact], NAMES, a_visitor(language))
        assert line.why == (said,)


def test_a_case_names_those_that_it_was_split_off_from_and_into() -> None:
    received = FactView(
        seq=1, at=AT, kind="received", command="report", actor=ActorView(kind="system", id=None, name="系统"),
        body={"split_from": "G-1"},
    )  # fmt: skip
    settled = [a_fact(ErrandSettled(errand=f"split:2:{n}", case_no=f"G-{n}")) for n in (4, 3)]
    merged = a_fact(ErrandSettled(errand="absorb:2", case_no="G-9"))
    assert split_cases([received, *settled, merged]) == SplitCases("G-1", ("G-3", "G-4"))
    assert split_cases([merged]) == SplitCases(None, ())


def test_a_question_that_nobody_answered_is_not_told_as_an_answer() -> None:
    system = ActorView(kind="system", id=None, name="系统")
    for language, silent, said in (
        ("zh", "未收到补充", "补充信息"),
        ("en", "no information came", "information supplied"),
    ):
        fact = a_fact(InfoSupplied(note="", attachments=(), since=AT))
        (ended,) = fact_lines([fact.model_copy(update={"actor": system})], {}, a_visitor(language))
        assert (ended.what, ended.lane) == (silent, "clock")
        (answered,) = fact_lines([a_fact(InfoSupplied(note="东门", attachments=(), since=AT))], {}, a_visitor(language))
        assert (answered.what, answered.lane) == (said, "reporter")


def test_an_order_of_a_person_has_its_note() -> None:
    (told,) = fact_lines([an_urge_order(note="请今天办结")], {}, a_visitor())
    assert ("说明", "请今天办结") in told.details


TOLD = (Reached(mode=EscalationMode.INFORM, role=Role.SUPERVISOR, unit="130172100"),)


def a_step(**fields: Any) -> StepFired:
    return StepFired(stage=Stage.HANDLE, step=2, planned_at=AT, reached=TOLD, level=Level.PARK, **fields)


@pytest.mark.parametrize(
    ("body", "title", "details"),
    [
        (a_step(), "升级梯级", {"步骤": "2", "通知": "知会 丘头镇 督查员"}),
        (a_step(whole=True), "升级梯级 · 全程", {"步骤": "2"}),
        (a_step(urge=3), "升级梯级 · 督办 #3", {"步骤": "2"}),
        (a_step(request=RequestKind.RETURN), "升级梯级 · 申请: 退单", {"步骤": "2"}),
        (Overdue(stage=None, due_at=AT, remind_at=None), "超期 · 全程", {}),
        (UrgeCancelled(number=2, reason="发错"), "撤销督办 · #2", {"原因": "发错"}),
        (RequestLapsed(request=RequestKind.VOID), "申请失效 · 申请: 作废", {}),
        (
            Redispatched(from_host="fire", host="labour", co_handlers=(), reason="派错", owner=DESK),
            "改派",
            {"原主办": "消防队", "改派给": "人社局", "原因": "派错"},
        ),
        (CoHandlersAdded(departments=("fire",), note=""), "增加协办", {"协办": "消防队"}),
        (ReviewerAssigned(person=PERSON, owner=DESK, reason="回避"), "指定核查人", {"核查人": "李某"}),
        (Recused(person=PERSON, owner=DESK, reason="亲属"), "回避", {"回避人": "李某", "原因": "亲属"}),
        (ClaimEnded(person=PERSON, owner=DESK), "认领失效", {"原认领人": "李某", "持有人": "丘头镇"}),
        (
            VerificationRequested(question="有没有", unit=DESK, report_by=AT, decide_by=AT),
            "发核实",
            {"问题": "有没有", "核实单位": "丘头镇", "核实期限": "08:00"},
        ),
        (
            VerificationReported(confirmed=False, note="没有", attachments=()),
            "核实反馈",
            {"情况属实": "否", "现场情况": "没有"},
        ),
        (
            TransferRequested(from_department="fire", to_department="labour", reason="职责", decide_by=AT),
            "申请转办",
            {"原主办": "消防队", "转往部门": "人社局", "裁定期限": "08:00"},
        ),
        (SummonsMissed(department="fire", meet_at=AT, reached=TOLD), "吹哨未报到", {"部门": "消防队"}),
        (ErrandReturned(errand="x", refused="already_archived"), "关联事务退回", {}),
        (
            Unmerged(from_case="G-1", reason="不同", stage=Stage.HANDLE, owner=DESK, level=Level.PARK),
            "从合并中拆出",
            {"原并入案件": "G-1", "回到": "处置"},
        ),
        (Acknowledged(note="", holds=False), "已知悉", {"效力": "期限已过,只作记录,不暂停升级"}),
        (
            Completed(result="内部", evidence=(), owner=DESK, due=DUE, answer="已办"),
            "处置完成",
            {"处置结果": "内部", "给上报人的答复": "已办"},
        ),
    ],
)
def test_each_new_fact_is_told_in_words(body: Frozen, title: str, details: dict[str, str]) -> None:
    (line,) = fact_lines([a_fact(body)], NAMES, a_visitor())
    assert line.what == title
    assert details.items() <= dict(line.details).items()


def test_why_an_errand_came_back_is_told_by_its_refusal() -> None:
    for language, known in (("zh", "归档"), ("en", "archived")):
        (line,) = fact_lines([a_fact(ErrandReturned(errand="x", refused="already_archived"))], {}, a_visitor(language))
        assert known in dict(line.details)[{"zh": "对方案件拒绝的原因", "en": "Why the other case refused"}[language]]
    (line,) = fact_lines([a_fact(ErrandReturned(errand="x", refused="no_such_code"))], {}, a_visitor())
    assert dict(line.details)["对方案件拒绝的原因"] == "no_such_code"
