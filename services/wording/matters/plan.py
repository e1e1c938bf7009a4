"""The words of plans (计划) and their duties (勤务)."""

from services.wording.matters.words import Labels, MatterWords

WORKS: Labels = {
    "pre_shift": ("班前检查", "pre-shift check"),
    "patrol": ("巡查", "patrol"),
    "visit": ("走访", "visit"),
    "volunteer_tour": ("志愿巡访", "volunteers' tour"),
}
DUTY_STATUSES: Labels = {
    "due": ("待办", "due"),
    "done": ("按时完成", "done in time"),
    "missed": ("漏办", "missed"),
    "late": ("逾期补办", "done late"),
    "withdrawn": ("已撤销", "withdrawn"),
}
ITEM_OUTCOMES: Labels = {
    "ok": ("合格", "ok"),
    "failed": ("不合格", "failed"),
    "not_applicable": ("不适用", "not applicable"),
}
PERIODS: Labels = {"day": ("天", "day"), "week": ("周", "week"), "month": ("个月", "month")}
WORDS = MatterWords(
    commands={
        "make_plan": ("制定计划", "make a plan"),
        "amend_plan": ("调整计划", "amend the plan"),
        "pause_plan": ("暂停", "pause"),
        "resume_plan": ("恢复", "resume"),
        "end_plan": ("终止", "end"),
        "report_duty": ("报送勤务", "report a duty"),
        "follow_enterprise": ("随企业调整", "follow the enterprise"),
    },
    statuses={"active": ("执行中", "active"), "paused": ("已暂停", "paused"), "ended": ("已终止", "ended")},
    facts={
        "plan_made": ("制定计划", "The plan was made"),
        "plan_amended": ("调整计划", "The plan was amended"),
        "plan_paused": ("暂停:{reason}", "Paused: {reason}"),
        "plan_resumed": ("恢复执行 {note}", "Resumed {note}"),
        "plan_ended": ("终止 {reason}", "Ended {reason}"),
        "enterprise_followed": (
            "企业 {about} 的走访频次或班次变化,重新下达勤务",
            "{about} is visited or works otherwise: duties given out anew",
        ),
        "duties_issued": ("下达勤务至 {until}", "Duties given out up to {until}"),
        "duties_withdrawn": ("撤销未到期的勤务", "Duties not due yet were withdrawn"),
        "duties_missed": ("{day} {shift} 有勤务漏办", "Duties of {day} {shift} were missed"),
        "duty_done": ("{day} {shift} 勤务已报送", "A duty of {day} {shift} was reported"),
    },
    overdue={"duties": ("漏办勤务", "missed duties")},
)
