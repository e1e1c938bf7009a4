"""The labels of codes in both languages, shared by the command line and the pages.

An entry is Chinese, then English (then, for lights, the terminal's colour).
"""

from collections.abc import Mapping

from models.labels import LEVELS as LEVELS
from models.labels import ROLES as ROLES

Labels = Mapping[str, tuple[str, ...]]

STAGES: dict[str, tuple[str, ...]] = {
    "receive": ("受理", "receive"),
    "dispatch": ("派遣", "dispatch"),
    "handle": ("处置", "handle"),
    "review": ("核查", "review"),
    "closed": ("结案", "closed"),
}
LIGHTS: dict[str, tuple[str, ...]] = {
    "green": ("绿 ■", "green ■", "green"),
    "yellow": ("黄 ▲", "yellow ▲", "yellow"),
    "red": ("红 ●", "red ●", "red"),
    "grey": ("停 ‖", "stopped ‖", "bright_black"),
}
FACTS: dict[str, tuple[str, ...]] = {
    "received": ("已上报", "received"),
    "accepted": ("已受理", "accepted"),
    "info_requested": ("要求补充信息", "information requested"),
    "info_supplied": ("补充信息", "information supplied"),
    "self_closed": ("现场自办结", "settled on the spot"),
    "dispatched": ("已派遣", "dispatched"),
    "claimed": ("已认领", "claimed"),
    "released": ("放弃认领", "released"),
    "transferred": ("已转交", "transferred"),
    "progress_reported": ("进展反馈", "progress reported"),
    "completed": ("处置完成", "completed"),
    "aborted": ("终止办理", "aborted"),
    "review_passed": ("核查通过", "review passed"),
    "review_failed": ("核查不通过,返工", "review failed: rework"),
    "closed": ("已结案", "closed"),
    "archived": ("已归档", "archived"),
    "return_requested": ("申请退单", "return requested"),
    "return_granted": ("同意退单", "return granted"),
    "return_refused": ("不同意退单", "return refused"),
    "extension_requested": ("申请延期", "extension requested"),
    "extension_granted": ("同意延期", "extension granted"),
    "extension_refused": ("不同意延期", "extension refused"),
    "suspension_requested": ("申请挂账", "suspension requested"),
    "suspension_granted": ("同意挂账", "suspension granted"),
    "suspension_refused": ("不同意挂账", "suspension refused"),
    "resumed": ("恢复办理", "resumed"),
    "void_proposed": ("提议作废", "voiding proposed"),
    "rated": ("已评价", "rated"),
    "reopen_requested": ("申请重开", "reopening requested"),
    "reopened": ("已重开", "reopened"),
    "reopen_refused": ("不同意重开", "reopening refused"),
    "appealed": ("超时申诉", "overdue appealed"),
    "appeal_decided": ("申诉裁定", "appeal decided"),
    "commented": ("备注", "commented"),
    "attached": ("补充附件", "attached"),
    "acknowledged": ("已知悉", "acknowledged"),
    "escalated": ("升级", "escalated"),
    "urged": ("督办", "urged"),
    "urge_answered": ("督办答复", "urge answered"),
    "urge_overdue": ("督办超期未答复", "urge order overdue"),
    "recategorised": ("变更分类", "recategorised"),
    "relocated": ("变更位置", "relocated"),
    "merged": ("并入其他案件", "merged"),
    "absorbed": ("并入了另一案件", "absorbed another case"),
    "split_off": ("拆分", "split off"),
    "errand_settled": ("关联案件已通知", "other case told"),
    "convened": ("会商(吹哨)", "meeting convened"),
    "responded": ("报到", "responded"),
    "overdue": ("超期", "overdue"),
    "reminded": ("再次提醒", "reminded"),
    "adopted": ("改用新策略", "newer policy adopted"),
    "light_changed": ("亮灯变化", "light turned"),
    "step_fired": ("升级梯级", "ladder"),
    "acknowledgement_lapsed": ("知悉已失效,继续升级", "acknowledgement lapsed"),
    "recomputed": ("按新日历重算期限", "deadline recomputed"),
}
UNITS: dict[str, tuple[str, str]] = {
    "urgent_hour": ("小时(全天计时)", "hours round the clock"),
    "work_hour": ("工作时", "work hours"),
    "work_day_8h": ("工作日(8 小时)", "workdays of 8 h"),
    "legal_work_day": ("工作日", "workdays"),
    "natural_day": ("自然日", "natural days"),
}
SEVERITIES: dict[str, tuple[str, ...]] = {
    "ordinary": ("一般", "ordinary"),
    "pressing": ("较急", "pressing"),
    "urgent": ("紧急", "urgent"),
    "major": ("重大", "major"),
}
SOURCES: dict[str, tuple[str, ...]] = {
    "grid_worker": ("网格员", "grid worker"),
    "resident": ("居民", "resident"),
    "enterprise": ("企业", "enterprise"),
    "hotline": ("热线", "hotline"),
    "sensor": ("物联感知", "sensor"),
    "import": ("导入", "import"),
    "split": ("拆分", "split"),
}
TASKS: dict[str, tuple[str, ...]] = {
    "accept": ("待受理", "to accept"),
    "supply_info": ("待补充信息", "to supply information"),
    "dispatch": ("待派遣", "to dispatch"),
    "respond": ("待报到", "to respond"),
    "handle": ("待处置", "to handle"),
    "co_handle": ("待协办", "to co-handle"),
    "review": ("待核查", "to review"),
    "oversee": ("升级督看", "to oversee"),
    "answer_urge": ("待答复督办", "to answer an urge order"),
    "confirm_void": ("待确认作废", "to confirm voiding"),
    "decide_return": ("待裁定退单", "return to decide"),
    "decide_extension": ("待审批延期", "extension to decide"),
    "decide_suspension": ("待审批挂账", "suspension to decide"),
    "decide_reopen": ("待审批重开", "reopening to decide"),
    "decide_appeal": ("待裁定申诉", "appeal to decide"),
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "comment": ("批注", "note"),
    "attach": ("补充附件", "attach"),
    "acknowledge": ("知悉", "acknowledge"),
    "escalate": ("升级", "escalate"),
    "urge": ("督办", "urge"),
    "answer_urge": ("答复督办", "answer the urge order"),
    "recategorise": ("变更分类", "recategorise"),
    "adopt": ("改用新策略", "adopt a newer policy"),
    "relocate": ("变更位置", "relocate"),
    "merge": ("并案", "merge"),
    "split": ("拆分", "split"),
    "withdraw": ("撤回", "withdraw"),
    "void": ("作废", "void"),
    "respond": ("报到", "respond"),
    "accept": ("受理", "accept"),
    "reject": ("不予受理", "reject"),
    "request_info": ("要求补充信息", "ask for information"),
    "supply_info": ("补充信息", "supply information"),
    "self_close": ("现场自办结", "settled on the spot"),
    "dispatch": ("派遣", "dispatch"),
    "convene": ("吹哨会商", "convene"),
    "claim": ("认领", "claim"),
    "release": ("放弃认领", "release"),
    "transfer": ("转办", "transfer"),
    "return": ("退单", "return"),
    "grant_return": ("同意退单", "grant the return"),
    "refuse_return": ("不同意退单", "refuse the return"),
    "report_progress": ("反馈进展", "report progress"),
    "complete": ("办结", "complete"),
    "request_extension": ("申请延期", "request an extension"),
    "grant_extension": ("同意延期", "grant the extension"),
    "refuse_extension": ("不同意延期", "refuse the extension"),
    "request_suspension": ("申请挂账", "request a suspension"),
    "grant_suspension": ("同意挂账", "grant the suspension"),
    "refuse_suspension": ("不同意挂账", "refuse the suspension"),
    "resume": ("恢复办理", "resume"),
    "abort": ("终止办理", "abort"),
    "pass_review": ("核查通过", "pass the review"),
    "fail_review": ("核查不通过,返工", "fail the review"),
    "rate": ("评价", "rate"),
    "request_reopen": ("申请重开", "request reopening"),
    "grant_reopen": ("同意重开", "grant the reopening"),
    "refuse_reopen": ("不同意重开", "refuse the reopening"),
    "appeal": ("超时申诉", "appeal the overdue"),
    "decide_appeal": ("裁定申诉", "decide the appeal"),
}
OUTCOMES: dict[str, tuple[str, ...]] = {
    "solved": ("已解决", "solved"),
    "rejected": ("不予受理", "rejected"),
    "aborted": ("终止办理", "aborted"),
    "merged": ("并入他案", "merged"),
    "withdrawn": ("已撤回", "withdrawn"),
    "voided": ("已作废", "voided"),
}
URGE_KINDS: dict[str, tuple[str, ...]] = {
    "ordinary": ("日常督办", "ordinary"),
    "listed": ("挂牌督办", "listed"),
    "leader": ("领导督办", "by a leader"),
    "interview": ("约谈", "talk"),
}
URGE_CAUSES: dict[str, tuple[str, ...]] = {
    "overdue_at_the_top": ("最高层级仍超期", "overdue at the top level"),
    "third_return": ("第三次退单", "third return"),
    "second_failed_review": ("第二次核查不通过", "second failed review"),
}
ESCALATION_MODES: dict[str, tuple[str, ...]] = {
    "act": ("接手", "to act"),
    "inform": ("知会", "to be informed"),
}

#: Labels of a person's standing to a case (`rules.life_cycle.Who`), for refusals.
STANDINGS: dict[str, tuple[str, ...]] = {
    "reporter": ("上报人", "the reporter"),
    "own_reporter": ("反映人本人", "whoever reported it for themselves"),
    "second_officer": ("登记人以外的受理、核查或督查人员", "an officer who did not take the report"),
    "grid_worker": ("网格员", "a grid worker"),
    "duty_officer": ("值班员", "a duty officer"),
    "owner": ("持有人", "the owner"),
    "owning_unit": ("现责任单位", "the unit that owns it now"),
    "host": ("主办部门", "the host department"),
    "host_head": ("主办部门负责人", "the head of the host department"),
    "past_host": ("曾主办部门", "a department that hosted it before"),
    "transfer_target": ("拟接收部门", "the department asked to take it over"),
    "co_handler": ("协办部门", "a co-handler"),
    "summoned": ("被召集部门", "a department that was convened"),
    "reviewer": ("核查员", "a reviewer"),
    "supervisor": ("督查员", "a supervisor"),
    "involved": ("经办人员", "somebody involved"),
    "reader": ("查阅人员", "a reader"),
    "claimant": ("认领人", "whoever claimed it"),
    "somebody other than who asked": ("申请人以外的人", "somebody other than who asked"),
    "somebody other than who gave the order": ("下达督办者以外的人", "somebody other than who gave the order"),
    "who asked": ("申请人本人", "whoever asked"),
    "the reviewer assigned": ("指定的核查人", "the reviewer assigned"),
    "a department that was late and has not appealed yet": (
        "超期且尚未申诉的部门", "a department that was late and has not appealed yet",
    ),
}


def label_of(labels: Labels, code: str, language: str) -> str:
    """Return the label of a code in `zh` or `en`; an unknown code is returned as it is."""
    entry = labels.get(code)
    if entry is None:
        return code
    return entry[1] if language.startswith("en") else entry[0]
