"""The form of each command: labels and controls for the fields of the command's model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.commands import HUMAN_COMMAND_MODELS
from models.enums import EscalationMode, Severity, UnmaskPurpose, UrgeKind
from services.wording import vocabulary
from web.views.questions import ANSWERS
from web.views.translation_marks import _

#: How many parts the form of a split offers, and the controls of each.
PARTS = 3
PART_FIELDS = ("category", "title", "description", "grid", "severity")


@dataclass(frozen=True)
class Field:
    """One control. `kind` names the macro that draws it; `name` is the model's field; `book` names the vocabulary of
    its choices, or else `choices` are their texts.

    A field of kind "hidden" goes along with the form. One of kind "unasked" is not drawn: programs may send it, and
    the form has another field for the same.
    """

    name: str
    kind: str
    label: str
    required: bool = False
    hint: str = ""
    choices: tuple[str, ...] = ()
    book: str = ""


#: The control of each field; differences by command are in `_OVERRIDES`.
_FIELDS: Mapping[str, Field] = {
    "note": Field("note", "area", _("说明")),
    "reason": Field("reason", "area", _("原因")),
    "right_channel": Field("right_channel", "area", _("正确渠道"), hint=_("告诉上报人应该找谁,例如 12345、公安 110。")),
    "question": Field("question", "area", _("要补充什么")),
    "result": Field("result", "area", _("处置结果"), hint=_("内部留存,上报人看不到。")),
    "answer": Field(
        "answer", "answer", _("给上报人的答复"), hint=_("核查通过后上报人会看到;请写明办理结果,不写个人信息。")
    ),
    "attachments": Field("attachments", "files", _("附件")),
    "evidence": Field("evidence", "files", _("证据(照片、视频或 PDF)")),
    "condition": Field("condition", "condition", _("立案条件"), hint=_("不选则用第一个符合的条件。")),
    "host": Field("host", "department", _("主办部门")),
    "suggestion": Field("suggestion", "hidden", _("建议")),
    "co_handlers": Field("co_handlers", "departments", _("协办部门"), hint=_("协办部门全部反馈后才能办结。")),
    "departments": Field("departments", "departments", _("召集部门")),
    "department": Field("department", "co_handler", _("协办部门")),
    "person": Field("person", "reviewer", _("核查人"), hint=_("只列出未经办此案、不属于主办和协办部门的人员。")),
    "to_person": Field("to_person", "colleague", _("转给同事")),
    "to_department": Field(
        "to_department", "department", _("或申请转给其他部门"), hint=_("由部门负责人提出,对方同意后才转出。")
    ),
    "to_level": Field("to_level", "level", _("升级到"), hint=_("不选则升一级;也可越级。")),
    "request": Field("request", "own_request", _("撤回哪一项申请")),
    "confirmed": Field("confirmed", "yes", _("反映的情况是否属实"), choices=(_("属实"), _("不属实"))),
    "case_no": Field("case_no", "merged", _("拆出哪一件")),
    "round": Field("round", "round", _("轮次"), hint=_("不选则为本部门最近一次超期的轮次。")),
    "until": Field("until", "moment", _("至")),
    "answer_by": Field("answer_by", "moment", _("答复期限")),
    "report_by": Field("report_by", "moment", _("核实期限"), hint=_("不填则按策略规定的时限。")),
    "reply_by": Field("reply_by", "moment", _("答复期限")),
    "meet_at": Field("meet_at", "moment", _("会商时间")),
    "mode": Field("mode", "select", _("方式"), choices=tuple(EscalationMode), book="escalation_modes"),
    "purpose": Field("purpose", "select", _("用途"), choices=tuple(UnmaskPurpose), book="unmask_purposes"),
    "urge_kind": Field("urge_kind", "select", _("督办类型"), choices=tuple(UrgeKind), book="urge_kinds"),
    "severity": Field("severity", "select", _("紧急程度"), choices=tuple(Severity), book="severities"),
    "urge": Field("urge", "urge", _("答复哪一件督办"), hint=_("不选则答复最早的一件。")),
    "category": Field("category", "category", _("类别")),
    "grid": Field("grid", "grid", _("网格")),
    "mismatch_meant": Field(
        "mismatch_meant",
        "check",
        _("位置与网格不一致,确实如此"),
        hint=_("位置不在所填网格内时,请改正其一;确实如此才勾选。"),
    ),
    "enterprise": Field("enterprise", "enterprise", _("企业"), hint=_("按名称或统一社会信用代码查找;不填则取消关联。")),
    "location": Field("location", "place", _("位置(纬度、经度)")),
    "into": Field("into", "case", _("并入案件编号"), hint=_("只能并入更早、且法定期限不晚于本案的案件。")),
    "parts": Field("parts", "parts", _("拆出的事项")),
    "version": Field("version", "number", _("策略版本")),
    "score": Field("score", "score", _("评分")),
    "upheld": Field("upheld", "yes", _("申诉是否成立"), choices=(_("成立:不计入统计"), _("不成立"))),
    "release": Field("release", "unasked", _("全部成果照片向反映人公开")),
    "release_photos": Field(
        "release_photos",
        "photos",
        _("向反映人公开的成果照片"),
        hint=_("不选则不公开。只选没有人脸、车牌等能认出个人的内容的照片。"),
    ),
    "answers": Field("answers", "questions", _("问项")),
    "not_known": Field("not_known", "not_known", _("无法得知的问项"), hint=_("问过而问不到的,勾选后不再提示补填。")),
    "interim": Field("interim", "check", _("仅为阶段进展,不是最终反馈")),
}
_OVERRIDES: Mapping[tuple[str, str], dict[str, Any]] = {
    ("comment", "note"): {"label": _("批注")},
    ("unmask", "reason"): {"hint": _("至少 5 个字。理由记入案件并通知审计员;15 分钟内的每次查看都会计数。")},
    ("hold_data", "reason"): {"hint": _("至少 5 个字。留存期间任何人和任何定时任务都不能删除。")},
    ("release_data", "reason"): {"hint": _("至少 5 个字。")},
    ("erase_reporter", "reason"): {"hint": _("至少 5 个字。密钥一经销毁,历史和备份中的信息也不再可读,不能恢复。")},
    ("recuse", "person"): {
        "kind": "text",
        "label": _("回避的人员(用户名)"),
        "hint": _("此人不再看到、也不能办理本案;可填本人。督查员和保密员须由督查员指定。"),
    },
    ("lift_recusal", "person"): {"kind": "text", "label": _("不再回避的人员(用户名)"), "hint": ""},
    ("report_progress", "note"): {"label": _("进展")},
    ("answer_urge", "note"): {"label": _("答复内容")},
    ("urge", "note"): {"label": _("督办要求")},
    ("supply_info", "note"): {"label": _("补充内容")},
    ("respond", "note"): {"label": _("报到说明")},
    ("self_close", "result"): {"label": _("现场如何处置")},
    ("request_extension", "until"): {"label": _("延期至")},
    ("grant_extension", "until"): {"label": _("批准延期至"), "hint": _("不填则按申请的时间;只能更早,不能更晚。")},
    ("request_suspension", "until"): {"label": _("挂账至")},
    ("grant_suspension", "until"): {"label": _("批准挂账至"), "hint": _("不填则按申请的时间;只能更早,不能更晚。")},
    ("cancel_urge", "urge"): {"label": _("撤销哪一件督办"), "hint": ""},
    ("request_verification", "question"): {"label": _("请网格员核实什么")},
    ("report_verification", "note"): {"label": _("现场情况")},
    ("redispatch", "host"): {"label": _("改派给"), "kind": "other_department"},
    ("redispatch", "co_handlers"): {"hint": _("不选则保持现有的协办部门。")},
    ("add_co_handler", "departments"): {
        "label": _("协办部门"),
        "kind": "more_departments",
        "hint": _("协办部门全部反馈后才能办结。"),
    },
    ("fail_review", "departments"): {
        "label": _("哪些协办部门须重新反馈"),
        "kind": "co_handlers",
        "hint": _("不选则全部协办部门重新反馈。"),
    },
    ("decide_appeal", "department"): {"label": _("裁定哪一件申诉"), "kind": "appeal"},
    ("decide_appeal", "round"): {"kind": "of_appeal"},
    ("pass_review", "answer"): {"hint": _("上报人会看到的就是这段文字;可直接改写。")},
    ("pass_review", "note"): {"hint": _("内部留存,上报人看不到。")},
    ("reject", "reason"): {"hint": _("上报人会看到。")},
    ("abort", "reason"): {"hint": _("核查通过后上报人会看到。")},
    ("refuse_reopen", "reason"): {"hint": _("上报人会看到。")},
    ("recategorise", "answers"): {"kind": "unasked"},
    ("recategorise", "condition"): {"hint": _("填写新类别的立案条件编码;不填则用第一个符合的条件。"), "kind": "text"},
}

#: The fields that come before all others.
_FIRST = {"result": 0, "answer": 1}


def fields_of(command: str) -> tuple[Field, ...]:
    """The fields of a command's form, in the model's order, the result and the answer first.

    Raises KeyError for an unknown command.
    """
    model = HUMAN_COMMAND_MODELS[command]
    fields = [
        replace(_FIELDS[name], required=info.is_required(), **_OVERRIDES.get((command, name), {}))
        for name, info in model.model_fields.items()
        if name != "kind"
    ]
    return tuple(sorted(fields, key=lambda field: _FIRST.get(field.name, len(_FIRST))))


def is_command(name: str) -> bool:
    """Whether `name` is a command that people can give."""
    return name in HUMAN_COMMAND_MODELS


def known_values(command: str, given: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The form values that belong to controls of this command."""
    names = {control for field in fields_of(command) for control in control_names(field)}
    asks = any(field.kind == "questions" for field in fields_of(command))
    return {
        name: list(values) for name, values in given.items() if name in names or (asks and name.startswith(ANSWERS))
    }


def control_names(field: Field) -> Iterator[str]:
    """The names of a field's controls."""
    if field.kind == "place":
        yield from ("location.lat", "location.lon")
    elif field.kind == "of_appeal":  # the control of the department says the round too
        yield "department"
    elif field.kind == "parts":
        for index in range(PARTS):
            yield from (f"parts.{index}.{name}" for name in PART_FIELDS)
    else:
        yield field.name


def choice_words(book: str) -> vocabulary.Labels:
    """The book of vocabulary for the choices of a select."""
    words: vocabulary.Labels = getattr(vocabulary, book.upper())
    return words
