"""What people call the fields of reports, commands and filters: the names that refusals use."""

from collections.abc import Mapping, Sequence

#: In Chinese and English, by the field's name in the API.
FIELDS: Mapping[str, tuple[str, str]] = {
    "answer": ("答复", "answer"),
    "answer_by": ("答复期限", "answer by"),
    "answers": ("填答", "answers"),
    "attachments": ("附件", "attachments"),
    "category": ("类别", "category"),
    "co_handlers": ("协办部门", "co-handlers"),
    "condition": ("立案条件", "opening condition"),
    "department": ("部门", "department"),
    "departments": ("部门", "departments"),
    "description": ("描述", "description"),
    "external": ("原系统编号", "external number"),
    "grid": ("网格", "grid unit"),
    "handler": ("处置人员", "handler"),
    "host": ("主办部门", "host department"),
    "into": ("并入的案件", "lead case"),
    "lat": ("纬度", "latitude"),
    "location": ("位置", "location"),
    "lon": ("经度", "longitude"),
    "meet_at": ("会商时间", "time of the meeting"),
    "name": ("姓名", "name"),
    "note": ("说明", "note"),
    "number": ("编号", "number"),
    "occurred_at": ("发生时间", "time it happened"),
    "owner": ("责任人", "owner"),
    "person": ("人员", "person"),
    "phone": ("联系电话", "phone number"),
    "place": ("详细地点", "place"),
    "q": ("搜索词", "search words"),
    "question": ("问题", "question"),
    "reason": ("理由", "reason"),
    "reply_by": ("答复期限", "reply by"),
    "report_by": ("核实期限", "report by"),
    "reported_at": ("上报时间", "time of the report"),
    "result": ("处理结果", "result"),
    "right_channel": ("正确渠道", "right channel"),
    "severity": ("等级", "severity"),
    "source": ("来源", "source"),
    "title": ("标题", "title"),
    "to_department": ("转往部门", "department to transfer to"),
    "to_level": ("升级到的层级", "level to escalate to"),
    "to_person": ("接收人", "person to transfer to"),
    "until": ("截止时间", "until"),
}


def field_name(location: Sequence[str | int], language: str) -> str | None:
    """Return what people call the field at a pydantic location, with the number of the item in a list; None where it
    has no name, for fields that only programs fill.
    """
    words = [part for part in location if isinstance(part, str) and part in FIELDS]
    if not words:
        return None
    zh, en = FIELDS[words[-1]]
    last = location[-1]
    if language.startswith("en"):
        return f"{en} no. {last + 1}" if isinstance(last, int) else en
    return f"{zh}第 {last + 1} 项" if isinstance(last, int) else zh
