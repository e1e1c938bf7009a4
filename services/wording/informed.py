"""What matters of the park, links and outside systems tell a case, in sentences: the words of the command `inform`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from models.handovers import BY_DESK, got_links
from services.wording.matters.referral_desk import OUTCOMES
from services.wording.matters.words import Labels
from services.wording.vocabulary import COMMANDS, label_of

#: By `what`, with the values in braces. Values whose names end in `at` are moments.
SENTENCES: Labels = {
    "breach_further": (
        "{metric}再次超标:{at} 为 {value} {unit}(限值 {threshold})",
        "{metric} in breach once more: {value} {unit} at {at} (limit {threshold})",
    ),
    "breach_again": (
        "{metric}超标未除又一次持续:自 {since_at} 起,{at} 为 {value} {unit}(限值 {threshold})",
        "{metric}, still in breach, was beyond the limit for long again: since {since_at}, {value} {unit} at {at}"
        " (limit {threshold})",
    ),
    "breach_lasts": (
        "{metric}仍在超标:{at} 为 {value} {unit}(限值 {threshold},最严重 {peak})",
        "{metric} is still in breach: {value} {unit} at {at} (limit {threshold}, worst {peak})",
    ),
    "breach_ended": (
        "{metric}已恢复:{at} 为 {value} {unit}(最严重 {peak})",
        "{metric} is back within the limit: {value} {unit} at {at} (worst {peak})",
    ),
    "station_silent": ("监测站仍无数据,自 {since_at} 起", "The station is silent again, since {since_at}"),
    "station_heard": ("监测站恢复数据(自 {since_at} 起中断)", "The station is heard again (silent since {since_at})"),
    "emergency_begun": ("应急预案“{plan_zh}”已启动", "The emergency plan “{plan_en}” has begun"),
    "emergency_step_missed": (
        "“{plan_zh}”的步骤“{step_zh}”到时未确认",
        "“{plan_en}”: “{step_en}” was not confirmed in time",
    ),
    "emergency_closed": ("“{plan_zh}”已完成并归档", "“{plan_en}” was closed with its record"),
    "emergency_stopped": ("“{plan_zh}”已由督查人员终止", "“{plan_en}” was stopped by a supervisor"),
    "slot_booked": ("已预约 {at} 坐诊,地点:{place}", "A slot was booked for {at}, at {place}"),
    "slot_moved": ("坐诊由 {old_at} 改约到 {at},地点:{place}", "The slot of {old_at} was moved to {at}, at {place}"),
    "slot_cancelled": ("{at} 的坐诊预约已取消", "The slot of {at} was cancelled"),
    "slot_missed": ("{at} 的坐诊未到场", "Nobody came to the slot of {at}"),
    "link_made": (
        "已向该单位发出一次性链接({act}),发出人 {by},有效至 {until_at}",
        "A one-time link ({act}) was made for them by {by}, valid until {until_at}",
    ),
    "handover_sent": ("已移交 {receiver},对方编号 {far_id}", "Handed over to {receiver}, there as {far_id}"),
    "handover_linked": ("已向 {receiver} 发出一次性链接", "{receiver} was sent one-time links"),
    "handover_desk": (
        "{receiver} 的一次性链接已生成,由受理台转交",
        "The one-time links of {receiver} were made; the desk passes them on",
    ),
    "handover_uncertain": (
        "移交 {receiver} 的结果未知,不再重发,请人工核对",
        "Whether {receiver} has the case is not known; it is not sent again until somebody has found out",
    ),
    "handover_refused": ("{receiver} 未接收移交:{why}", "{receiver} did not take the case: {why}"),
    "handover_unanswered": ("{receiver} 到 {due_at} 仍未答复", "{receiver} had not answered by {due_at}"),
    "handover_cancelled": (
        "已通知 {receiver}:本案不再由其办理",
        "{receiver} was told that the case is no longer theirs",
    ),
    "handover_not_cancelled": (
        "未能通知 {receiver} 本案不再由其办理",
        "{receiver} could not be told that the case is no longer theirs",
    ),
    "handover_note": (
        "案件已移出后收到其答复({answer_kind}),仅作备注",
        "Their answer ({answer_kind}) came after the case had moved on",
    ),
    "slot_outcome": ("{at} 的坐诊结果:{outcome}", "Outcome of the slot of {at}: {outcome}"),
}

#: What a receiver answers, by `models.handovers.AnswerKind`.
ANSWERS: Labels = {
    "received": ("已接收", "received"),
    "progress": ("办理进展", "progress"),
    "completed": ("已办结", "completed"),
    "returned": ("退回", "returned"),
}


def informed_text(body: Mapping[str, Any], language: str, moment: Callable[[datetime], str]) -> str:
    """The sentence of a fact `informed`; `moment` writes a moment for the reader. Its note where there is one."""
    values = {
        name: moment(datetime.fromisoformat(value)) if name == "at" or name.endswith("_at") else value
        for name, value in dict(body.get("values") or {}).items()
    }
    if (outcome := OUTCOMES.get(values.get("outcome", ""))) is not None:
        values["outcome"] = outcome[1] if language.startswith("en") else outcome[0]
    if (answered := ANSWERS.get(values.get("kind", ""))) is not None:
        values["answer_kind"] = answered[1] if language.startswith("en") else answered[0]
    if (act := values.get("act")) is not None:
        values["act"] = label_of(COMMANDS, act, language)
    label = SENTENCES.get(_what(body))
    said = "" if label is None else (label[1] if language.startswith("en") else label[0])
    told = said.format_map(_Lenient(values))
    note = str(body.get("note") or "")
    return ": ".join(part for part in (told, note) if part)


def _what(body: Mapping[str, Any]) -> str:
    """What is told. A partner has no system and no number there: it got links."""
    what, number = str(body.get("what")), str((body.get("values") or {}).get("far_id"))
    if what != "handover_sent" or not got_links(number):
        return what
    return "handover_desk" if number == BY_DESK else "handover_linked"


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""
