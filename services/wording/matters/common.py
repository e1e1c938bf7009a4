"""The words that every kind of matter shares."""

from collections.abc import Mapping

from services.wording.matters.words import Labels

COMMANDS: Labels = {
    "comment": ("批注", "note"),
    "wake": ("到期处理", "by the clock"),
    "settle_opening": ("案件回执", "case receipt"),
}
FACTS: Labels = {
    "commented": ("批注:{note}", "Note: {note}"),
    "climbed": ("“{about}”超期未办,已通知第 {step} 级", "“{about}” is overdue: step {step} was told"),
    "opening_settled": ("已形成 {opened}", "It became {opened}"),
    "opening_refused": ("未能形成案件或事项({refused})", "What was asked for was refused ({refused})"),
}
FIELDS: Labels = {
    "code": ("编号", "code"),
    "name": ("名称", "name"),
    "key": ("编号", "key"),
    "evidence": ("证明材料", "evidence"),
    "note": ("说明", "note"),
    "reason": ("理由", "reason"),
}
OPTIONS: Mapping[str, Labels] = {}
PARTS: Labels = {
    "owner": ("责任人", "whoever is in charge of it"),
    "head": ("责任部门负责人", "head of the department in charge"),
    "participant": ("参与部门", "a department that takes part"),
    "author": ("创建人", "whoever began it"),
    "staff": ("园区工作人员", "staff of the park"),
    "whoever takes part in it": ("参与人员", "whoever takes part in it"),
    "reader": ("查阅人", "reader"),
    "system": ("系统", "the system"),
}
