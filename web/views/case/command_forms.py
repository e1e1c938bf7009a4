"""The form of each command: labels and controls for the fields of the command's model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.commands import HUMAN_COMMAND_MODELS
from models.enums import EscalationMode, Severity, UrgeKind
from services.wording import vocabulary
from web.views.translation_marks import _

#: How many parts the form of a split offers.
PARTS = 3


@dataclass(frozen=True)
class Field:
    """One control. `kind` names the macro that draws it; `name` is the model's field; `book` names the vocabulary of
    its choices.

    A field of kind "unasked" is not drawn: programs may send it, and the form has another field for the same.
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
    "result": Field("result", "area", _("处置结果")),
    "attachments": Field("attachments", "files", _("附件")),
    "evidence": Field("evidence", "files", _("证据(照片或 PDF)")),
    "condition": Field("condition", "condition", _("立案条件"), hint=_("不选则用第一个符合的条件。")),
    "host": Field("host", "department", _("主办部门")),
    "co_handlers": Field("co_handlers", "departments", _("协办部门"), hint=_("协办部门全部反馈后才能办结。")),
    "departments": Field("departments", "departments", _("召集部门")),
    "to_person": Field("to_person", "colleague", _("转给同事")),
    "to_department": Field("to_department", "department", _("或转给其他部门"), hint=_("须由部门负责人办理。")),
    "until": Field("until", "moment", _("至")),
    "answer_by": Field("answer_by", "moment", _("答复期限")),
    "reply_by": Field("reply_by", "moment", _("答复期限")),
    "meet_at": Field("meet_at", "moment", _("会商时间")),
    "mode": Field("mode", "select", _("方式"), choices=tuple(EscalationMode), book="escalation_modes"),
    "urge_kind": Field("urge_kind", "select", _("督办类型"), choices=tuple(UrgeKind), book="urge_kinds"),
    "severity": Field("severity", "select", _("紧急程度"), choices=tuple(Severity), book="severities"),
    "urge": Field("urge", "urge", _("答复哪一件督办"), hint=_("不选则答复最早的一件。")),
    "category": Field("category", "category", _("类别")),
    "grid": Field("grid", "grid", _("网格")),
    "location": Field("location", "place", _("位置(纬度、经度)")),
    "into": Field("into", "case", _("并入案件编号")),
    "parts": Field("parts", "parts", _("拆出的事项")),
    "version": Field("version", "number", _("策略版本")),
    "score": Field("score", "score", _("评分")),
    "upheld": Field("upheld", "yes", _("申诉是否成立")),
    "release": Field("release", "unasked", _("全部成果照片向反映人公开")),
    "release_photos": Field(
        "release_photos",
        "photos",
        _("向反映人公开的成果照片"),
        hint=_("不选则不公开。只选没有人脸、车牌等能认出个人的内容的照片。"),
    ),
    "interim": Field("interim", "check", _("仅为阶段进展,不是最终反馈")),
}
_OVERRIDES: Mapping[tuple[str, str], dict[str, Any]] = {
    ("comment", "note"): {"label": _("批注")},
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
    ("recategorise", "condition"): {"hint": _("填写新类别的立案条件编码;不填则用第一个符合的条件。"), "kind": "text"},
}


def fields_of(command: str) -> tuple[Field, ...]:
    """The fields of a command's form, in the model's order. Raises KeyError for an unknown command."""
    model = HUMAN_COMMAND_MODELS[command]
    return tuple(
        replace(_FIELDS[name], required=info.is_required(), **_OVERRIDES.get((command, name), {}))
        for name, info in model.model_fields.items()
        if name != "kind"
    )


def is_command(name: str) -> bool:
    """Whether `name` is a command that people can give."""
    return name in HUMAN_COMMAND_MODELS


def known_values(command: str, given: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The form values that belong to controls of this command."""
    names = {control for field in fields_of(command) for control in control_names(field)}
    return {name: list(values) for name, values in given.items() if name in names}


def control_names(field: Field) -> Iterator[str]:
    """The names of a field's controls."""
    if field.kind == "place":
        yield from ("location.lat", "location.lon")
    elif field.kind == "parts":
        for index in range(PARTS):
            yield from (f"parts.{index}.{name}" for name in ("category", "title", "description", "grid"))
    else:
        yield field.name


def choice_words(book: str) -> vocabulary.Labels:
    """The book of vocabulary for the choices of a select."""
    words: vocabulary.Labels = getattr(vocabulary, book.upper())
    return words
