"""The words of undertakings (承诺事项)."""

from services.wording.matters.words import Labels, MatterWords

TYPES: Labels = {
    "pledge": ("履职承诺", "pledge of office"),
    "yearly_item": ("民生实事", "item of the year"),
    "campaign": ("专项行动", "campaign"),
}
WORDS = MatterWords(
    commands={
        "undertake": ("作出承诺", "undertake"),
        "add_places": ("增加点位", "add places"),
        "report_progress": ("填报进展", "report progress"),
        "reach_milestone": ("完成节点", "reach a milestone"),
        "complete": ("办结", "complete"),
        "reject_completion": ("退回办理", "reject the completion"),
        "postpone": ("延期", "postpone"),
        "end": ("终止", "end"),
    },
    statuses={"open": ("推进中", "under way"), "done": ("已办结", "done"), "ended": ("已终止", "ended")},
    facts={
        "undertaken": ("作出承诺,期限 {due_on}", "Undertaken, due on {due_on}"),
        "places_added": ("增加点位", "Places were added"),
        "progress_reported": ("进展:{note}", "Progress: {note}"),
        "milestone_reached": ("完成节点 {milestone}:{note}", "Milestone {milestone} reached: {note}"),
        "milestone_missed": ("节点 {milestone} 逾期", "Milestone {milestone} was missed"),
        "overdue": ("逾期未办结", "Its day passed, and it is not done"),
        "done": ("办结:{result}", "Done: {result}"),
        "completion_rejected": ("退回办理:{reason}", "Completion rejected: {reason}"),
        "postponed": (
            "延期至 {due_on}(原 {old_due_on}):{reason}",
            "Postponed to {due_on} (was {old_due_on}): {reason}",
        ),
        "ended": ("终止:{reason}", "Ended: {reason}"),
    },
    fields={
        "name": ("名称", "name"),
        "type": ("类型", "type"),
        "statement": ("承诺内容", "what is undertaken"),
        "owner_name": ("责任单位(公开)", "who answers for it (public)"),
        "department": ("责任部门", "department in charge"),
        "person": ("责任人(用户名)", "person in charge (user name)"),
        "due_on": ("期限", "due on"),
        "first_due_on": ("最初期限", "first due on"),
        "number": ("序号", "number"),
        "milestones": ("节点", "milestones"),
        "milestone": ("节点编号", "key of the milestone"),
        "places": ("点位", "places"),
        "percent": ("进度(%)", "progress (%)"),
        "progress": ("最新进展", "latest progress"),
        "missed": ("曾逾期", "missed a day"),
        "postponements": ("延期理由", "reasons of postponements"),
        "end_reason": ("终止理由", "reason of the end"),
        "done_at": ("办结时间", "done at"),
        "due_at": ("期限", "due at"),
        "missed_at": ("逾期时间", "missed at"),
        "case_no": ("案件编号", "case number"),
        "refused": ("未受理原因", "refused because"),
        "report_id": ("上报编号", "report id"),
    },
    options={"type": TYPES},
    overdue={"undertaking": ("承诺事项", "undertaking"), "milestone": ("节点", "milestone")},
)
