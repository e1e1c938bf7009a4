"""What matters of the park, links and outside systems tell a case, in sentences: the words of the command `inform`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

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
    "slot_outcome": ("{at} 的坐诊结果:{outcome}", "Outcome of the slot of {at}: {outcome}"),
}


def informed_text(body: Mapping[str, Any], language: str, moment: Callable[[datetime], str]) -> str:
    """The sentence of a fact `informed`; `moment` writes a moment for the reader. Its note where there is one."""
    values = {
        name: moment(datetime.fromisoformat(value)) if name == "at" or name.endswith("_at") else value
        for name, value in dict(body.get("values") or {}).items()
    }
    if (outcome := OUTCOMES.get(values.get("outcome", ""))) is not None:
        values["outcome"] = outcome[1] if language.startswith("en") else outcome[0]
    if (act := values.get("act")) is not None:
        values["act"] = label_of(COMMANDS, act, language)
    label = SENTENCES.get(str(body.get("what")))
    said = "" if label is None else (label[1] if language.startswith("en") else label[0])
    told = said.format_map(_Lenient(values))
    note = str(body.get("note") or "")
    return ": ".join(part for part in (told, note) if part)


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""
