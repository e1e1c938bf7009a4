"""Facts in words: who did what, with the details that people ask for."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.errors import known_errors
from models.views import FactView
from services.cases.answers import told_in_fact
from services.wording import vocabulary
from services.wording.informed import informed_text
from web.local_time import format_exact, format_short
from web.reader import Visitor
from web.views.case.limit_sources import limit_source_text
from web.views.translation_marks import _

#: The lanes of a case's timeline, one for each party, in order.
LANES = {
    "reporter": _("上报方"),
    "desk": _("受理派遣"),
    "department": _("承办方"),
    "review": _("核查方"),
    "clock": _("时限通知"),
}
_LANE_OF: Mapping[str, str] = {
    **dict.fromkeys(("received", "info_supplied", "rated", "reopen_requested", "self_closed", "verification_reported"),
                    "reporter"),
    **dict.fromkeys(("review_passed", "review_failed", "reviewer_assigned"), "review"),
    **dict.fromkeys(
        ("claimed", "released", "transferred", "progress_reported", "completed", "aborted", "return_requested",
         "extension_requested", "suspension_requested", "appealed", "responded", "urge_answered",
         "transfer_requested", "transfer_refused"),
        "department",
    ),
    **dict.fromkeys(
        ("light_changed", "overdue", "reminded", "step_fired", "acknowledgement_lapsed", "urge_overdue", "recomputed",
         "archived", "errand_settled", "errand_returned", "claim_ended", "request_lapsed", "urge_lapsed",
         "summons_missed", "informed"),
        "clock",
    ),
}  # fmt: skip
#: The filter chips of the timeline.
GROUPS = {"handling": _("办理"), "time": _("时限"), "notice": _("升级督办"), "evidence": _("附件")}
_TIME_KINDS = ("light_changed", "overdue", "reminded", "recomputed", "extension_requested", "extension_granted",
         "extension_refused", "suspension_requested", "suspension_granted", "suspension_refused", "resumed", "adopted",
         "acknowledgement_lapsed")  # fmt: skip
_NOTICE_KINDS = (
    "step_fired",
    "escalated",
    "urged",
    "urge_answered",
    "urge_overdue",
    "urge_cancelled",
    "urge_lapsed",
    "acknowledged",
    "convened",
    "responded",
    "summons_missed",
)
#: The code of a unit in a sentence; codes of departments are words, which sentences have as well.
_CODE = re.compile(r"\d{6,}")
#: Facts about one urge order, which has a number.
_NUMBERED = frozenset({"urged", "urge_answered", "urge_cancelled", "urge_lapsed", "urge_overdue"})
#: Facts that do not conflict with a command in progress: those of the clock, and comments.
HARMLESS = frozenset(
    {"light_changed", "overdue", "reminded", "commented", "attached", "progress_reported", "recomputed", "informed"}
)


@dataclass(frozen=True)
class FactLine:
    """A fact as the page shows it. `day` is local; `group` is its filter chip; `files`: hashes of attachments."""

    seq: int
    at: datetime
    day: str
    kind: str
    what: str
    who: str
    lane: str
    group: str
    details: tuple[tuple[str, str], ...]
    why: tuple[str, ...]
    files: tuple[str, ...]


def fact_title(fact: FactView, visitor: Visitor) -> str:
    """The name of a fact, with the light for a change of light."""
    what = vocabulary.fact_label(fact.kind, visitor.language, by_system=fact.actor.kind == "system")
    if fact.kind == "light_changed":
        what = f"{what}: {vocabulary.label_of(vocabulary.LIGHTS, str(fact.body.get('light')), visitor.language)}"
    if fact.kind == "informed":
        return f"{fact.body.get('name')}({fact.body.get('code')})"
    about = ladder_of(fact.kind, fact.body, visitor)
    return f"{what} · {about}" if about else what


def ladder_of(kind: str, body: Mapping[str, Any], visitor: Visitor) -> str:
    """What a step, a light or a missed deadline belongs to, where it is not the stage: the whole case, an urge order,
    or a request that nobody has decided."""
    if body.get("request"):
        asked = vocabulary.label_of(vocabulary.REQUESTS, str(body["request"]), visitor.language)
        return visitor.text("申请: %(what)s", what=asked)
    if body.get("urge"):
        return visitor.text("督办 #%(n)s", n=body["urge"])
    if kind in _NUMBERED and body.get("number"):
        return f"#{body['number']}"
    whole = body.get("whole") is True or (kind in ("overdue", "light_changed") and body.get("stage") is None)
    return visitor.text("全程") if whole else ""


def lane_of(fact: FactView) -> str:
    """The lane of the timeline for a fact. A reporter who said nothing did nothing: waiting ended by the clock."""
    lane = _LANE_OF.get(fact.kind, "desk")
    return "clock" if lane == "reporter" and fact.actor.kind == "system" else lane


def group_of(fact: FactView) -> str:
    """The filter chip that shows the fact."""
    if fact.kind in _TIME_KINDS:
        return "time"
    if fact.kind in _NOTICE_KINDS:
        return "notice"
    return "evidence" if fact.kind == "attached" else "handling"


def fact_lines(facts: Sequence[FactView], names: Mapping[str, str], visitor: Visitor) -> tuple[FactLine, ...]:
    """The facts in words. `names`: names of departments, units and people by id."""
    return tuple(
        FactLine(
            seq=fact.seq,
            at=fact.at,
            day=format_exact(fact.at, visitor)[:10],
            kind=fact.kind,
            what=fact_title(fact, visitor),
            who=visitor.text("系统") if fact.actor.kind == "system" else fact.actor.name,
            lane=lane_of(fact),
            group=group_of(fact),
            details=tuple(_details(fact, names, visitor)),
            why=tuple(_named(why.en if visitor.language == "en" else why.zh, names) for why in fact.why),
            files=tuple(fact.body.get("attachments") or fact.body.get("evidence") or ()),
        )
        for fact in facts
    )


Formatter = Callable[[Any, Mapping[str, str], Visitor], str]


def _text(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return str(value)


def _named(sentence: str, names: Mapping[str, str]) -> str:
    """The sentence with the names of the units that it names by their codes."""
    return _CODE.sub(lambda found: names.get(found[0], found[0]), sentence)


def _name(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return names.get(str(value), str(value))


def _names(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return ", ".join(_name(one, names, visitor) for one in value)


def _moment(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return format_short(datetime.fromisoformat(str(value)), visitor)


def _owner(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return _name(value["id"], names, visitor)


def _ends(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return visitor.text("不再有全程期限") if value else ""


def _noted(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return "" if value else visitor.text("期限已过,只作记录,不暂停升级")


def _refusal(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    error = known_errors().get(str(value))
    text = "" if error is None else (error.en if visitor.language == "en" else error.zh)
    return str(value) if not text or "{" in text else text


def _due(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    if not isinstance(value, dict):  # whether a step is of the whole case's ladder: its title says so
        return ""
    return (
        f"{_moment(value['due_at'], names, visitor)} ({limit_source_text(value['source'], visitor)})"
        if value.get("due_at")
        else ""
    )


def _yes_no(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return visitor.text("是") if value else visitor.text("否")


def _yes_or_empty(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return visitor.text("是") if value else ""


def _photo_count(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return visitor.text("%(n)s 张", n=len(value))


def _answers(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return told_in_fact(value, visitor.language)


def _codes(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return ", ".join(value)


def _open_questions(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return "; ".join(one["text_en" if visitor.language == "en" else "text_zh"] for one in value)


def _word(book: vocabulary.Labels) -> Formatter:
    return lambda value, names, visitor: vocabulary.label_of(book, str(value), visitor.language)


def _recipients(value: Any, names: Mapping[str, str], visitor: Visitor) -> str:
    return "; ".join(_recipient(one, names, visitor) for one in value)


def _recipient(one: Mapping[str, Any], names: Mapping[str, str], visitor: Visitor) -> str:
    place = _name(one.get("unit") or one.get("department") or "", names, visitor)
    role = vocabulary.label_of(vocabulary.ROLES, one["role"], visitor.language) if one.get("role") else ""
    people = _names(one.get("people") or (), names, visitor)
    mode = vocabulary.label_of(vocabulary.ESCALATION_MODES, one["mode"], visitor.language)
    return f"{mode} {place} {role} {people}".replace("  ", " ").strip()


#: The details in the order in which they are shown: key in the fact's body, label, formatter.
_DETAILS: Sequence[tuple[str, str, Formatter]] = (
    ("outcome", _("结果"), _word(vocabulary.OUTCOMES)),
    ("result", _("处置结果"), _text),
    ("answer", _("给上报人的答复"), _text),
    ("confirmed", _("情况属实"), _yes_no),
    ("reason", _("原因"), _text),
    ("question", _("问题"), _text),
    ("note", _("说明"), _text),
    ("right_channel", _("正确渠道"), _text),
    ("answers", _("填答"), _answers),
    ("not_known", _("无法得知的问项"), _codes),
    ("unanswered", _("未填的问项"), _open_questions),
    ("from_host", _("原主办"), _name),
    ("host", _("主办"), _name),
    ("co_handlers", _("协办"), _names),
    ("departments", _("部门"), _names),
    ("department", _("部门"), _name),
    ("from_department", _("原主办"), _name),
    ("to_department", _("转往部门"), _name),
    ("to_person", _("转给"), _name),
    ("person", _("人员"), _name),
    ("unit", _("核实单位"), _owner),
    ("reports_for", _("代表部门"), _name),
    ("mode", _("方式"), _word(vocabulary.ESCALATION_MODES)),
    ("urge_kind", _("督办类型"), _word(vocabulary.URGE_KINDS)),
    ("purpose", _("用途"), _word(vocabulary.UNMASK_PURPOSES)),
    ("cause", _("起因"), _word(vocabulary.URGE_CAUSES)),
    ("category", _("类别"), _name),
    ("severity", _("紧急程度"), _word(vocabulary.SEVERITIES)),
    ("grid", _("网格"), _name),
    ("enterprise", _("企业"), _name),
    ("before", _("原企业"), _name),
    ("to_unit", _("升级到"), _name),
    ("stage", _("环节"), _word(vocabulary.STAGES)),
    ("to_stage", _("回到"), _word(vocabulary.STAGES)),
    ("round", _("轮次"), _text),
    ("step", _("步骤"), _text),
    ("reached", _("通知"), _recipients),
    ("until", _("至"), _moment),
    ("answer_by", _("答复期限"), _moment),
    ("reply_by", _("答复期限"), _moment),
    ("report_by", _("核实期限"), _moment),
    ("decide_by", _("裁定期限"), _moment),
    ("meet_at", _("会商时间"), _moment),
    ("lapses_at", _("有效至"), _moment),
    ("holds", _("效力"), _noted),
    ("due", _("期限"), _due),
    ("due_at", _("期限"), _moment),
    ("whole", _("全程期限"), _due),
    ("whole_due_at", _("全程期限"), _moment),
    ("whole_ends", _("全程期限"), _ends),
    ("owner", _("持有人"), _owner),
    ("into", _("并入"), _text),
    ("from_case", _("原并入案件"), _text),
    ("case_no", _("案件"), _text),
    ("refused", _("对方案件拒绝的原因"), _refusal),
    ("on_behalf", _("由工作人员代上报人提出"), _yes_or_empty),
    ("score", _("评分"), _text),
    ("upheld", _("申诉成立"), _yes_no),
    ("released", _("成果照片已公开"), _yes_or_empty),
    ("released_photos", _("公开的成果照片"), _photo_count),
    ("to_version", _("策略版本"), _text),
)
#: Details that are not shown, because the case page shows them elsewhere.
_HIDDEN: Mapping[str, frozenset[str]] = {
    "received": frozenset({"category", "severity", "grid", "case_no", "answers", "unanswered"}),
    "overdue": frozenset({"owner"}),
    "verification_requested": frozenset({"decide_by"}),
    "step_fired": frozenset({"stage"}),
    "light_changed": frozenset({"stage"}),
}
#: Labels of details that have another one in facts of these kinds.
_OTHER_LABELS: Mapping[tuple[str, str], str] = {
    ("convened", "departments"): _("召集"),
    ("co_handlers_added", "departments"): _("协办"),
    ("review_failed", "departments"): _("须重新反馈的协办部门"),
    ("redispatched", "host"): _("改派给"),
    ("reviewer_assigned", "person"): _("核查人"),
    ("claim_ended", "person"): _("原认领人"),
    ("recused", "person"): _("回避人"),
    ("recusal_lifted", "person"): _("不再回避"),
    ("unmerged", "stage"): _("回到"),
    ("verification_reported", "note"): _("现场情况"),
}


def _details(fact: FactView, names: Mapping[str, str], visitor: Visitor) -> list[tuple[str, str]]:
    left_out = _HIDDEN.get(fact.kind, frozenset())
    if fact.body.get("cause"):  # an order given by the system: its note repeats the cause in both languages
        left_out |= {"note"}
    details = []
    if fact.kind == "informed":
        return [
            (visitor.text("告知"), informed_text(fact.body, visitor.language, lambda at: format_short(at, visitor)))
        ]
    for key, label, format_value in _DETAILS:
        value = fact.body.get(key)
        if value in (None, "", [], ()) or key in left_out:
            continue
        if text := format_value(value, names, visitor):
            details.append((visitor.text(_OTHER_LABELS.get((fact.kind, key), label)), text))
    return details
