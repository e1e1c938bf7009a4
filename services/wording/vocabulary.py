"""The labels of codes in both languages, shared by the command line and the pages.

An entry is Chinese, then English (then, for lights, the terminal's colour).
"""

from collections.abc import Mapping

from models.labels import LEVELS as LEVELS, ROLES as ROLES
from services.wording.channels import (
    CHANNEL_CHOICES as CHANNEL_CHOICES,
    CHANNEL_FIELDS as CHANNEL_FIELDS,
    CHANNEL_KINDS as CHANNEL_KINDS,
    CHANNEL_SECRETS as CHANNEL_SECRETS,
    SEND_OUTCOMES as SEND_OUTCOMES,
    SEND_PURPOSES as SEND_PURPOSES,
    SEND_STATUSES as SEND_STATUSES,
)

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
    "verification_requested": ("发核实", "verification requested"),
    "verification_reported": ("核实反馈", "verification reported"),
    "sent_back": ("退回受理", "sent back to receiving"),
    "dispatched": ("已派遣", "dispatched"),
    "redispatched": ("改派", "redispatched"),
    "recalled": ("撤回派单", "recalled"),
    "co_handlers_added": ("增加协办", "co-handlers added"),
    "co_handler_released": ("撤销协办", "co-handler released"),
    "claimed": ("已认领", "claimed"),
    "released": ("放弃认领", "released"),
    "claim_ended": ("认领失效", "claim ended"),
    "transferred": ("已转交", "transferred"),
    "progress_reported": ("进展反馈", "progress reported"),
    "completed": ("处置完成", "completed"),
    "aborted": ("终止办理", "aborted"),
    "review_passed": ("核查通过", "review passed"),
    "review_failed": ("核查不通过,返工", "review failed: rework"),
    "reviewer_assigned": ("指定核查人", "reviewer assigned"),
    "closed": ("已结案", "closed"),
    "archived": ("已归档", "archived"),
    "return_requested": ("申请退单", "return requested"),
    "return_granted": ("同意退单", "return granted"),
    "return_refused": ("不同意退单", "return refused"),
    "transfer_requested": ("申请转办", "transfer requested"),
    "transfer_refused": ("不接收转办", "transfer refused"),
    "extension_requested": ("申请延期", "extension requested"),
    "extension_granted": ("同意延期", "extension granted"),
    "extension_refused": ("不同意延期", "extension refused"),
    "suspension_requested": ("申请挂账", "suspension requested"),
    "suspension_granted": ("同意挂账", "suspension granted"),
    "suspension_refused": ("不同意挂账", "suspension refused"),
    "resumed": ("恢复办理", "resumed"),
    "void_proposed": ("提议作废", "voiding proposed"),
    "void_refused": ("不同意作废", "voiding refused"),
    "request_retracted": ("撤回申请", "request retracted"),
    "request_lapsed": ("申请失效", "request lapsed"),
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
    "urge_cancelled": ("撤销督办", "urge order cancelled"),
    "urge_lapsed": ("督办未答复,随结案失效", "urge order lapsed unanswered"),
    "questions_answered": ("补填问项", "questions answered"),
    "recategorised": ("变更分类", "recategorised"),
    "relocated": ("变更位置", "relocated"),
    "enterprise_linked": ("关联企业", "linked to an enterprise"),
    "merged": ("并入其他案件", "merged"),
    "absorbed": ("并入了另一案件", "absorbed another case"),
    "unmerge_asked": ("要求拆出并入的案件", "merged case to be taken out"),
    "unmerged": ("从合并中拆出", "taken out of the merge"),
    "separated": ("并入的案件已拆出", "merged case taken out"),
    "informed": ("园区工作告知", "told by the park's work"),
    "split_off": ("拆分", "split off"),
    "errand_settled": ("关联案件已通知", "other case told"),
    "errand_returned": ("关联事务退回", "errand returned"),
    "convened": ("会商(吹哨)", "meeting convened"),
    "responded": ("报到", "responded"),
    "summons_missed": ("吹哨未报到", "summons not answered"),
    "overdue": ("超期", "overdue"),
    "reminded": ("再次提醒", "reminded"),
    "adopted": ("改用新策略", "newer policy adopted"),
    "light_changed": ("亮灯变化", "light turned"),
    "step_fired": ("升级梯级", "ladder"),
    "acknowledgement_lapsed": ("知悉已失效,继续升级", "acknowledgement lapsed"),
    "recomputed": ("按新日历重算期限", "deadline recomputed"),
    "recused": ("回避", "stepped aside"),
    "recusal_lifted": ("解除回避", "recusal lifted"),
    "reporter_unmasked": ("揭示上报人", "reporter unmasked"),
    "data_held": ("依法留存上报人信息", "reporter's data under legal hold"),
    "data_released": ("解除依法留存", "legal hold ended"),
    "reporter_erased": ("删除上报人信息", "reporter erased"),
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
    "open311": ("Open311 接口", "Open311"),
    "import": ("导入", "import"),
    "split": ("拆分", "split"),
}
TASKS: dict[str, tuple[str, ...]] = {
    "accept": ("待受理", "to accept"),
    "supply_info": ("待补充信息", "to supply information"),
    "verify": ("待核实", "to verify on the spot"),
    "dispatch": ("待派遣", "to dispatch"),
    "respond": ("待报到", "to respond"),
    "handle": ("待处置", "to handle"),
    "co_handle": ("待协办", "to co-handle"),
    "review": ("待核查", "to review"),
    "oversee": ("升级督看", "to oversee"),
    "answer_urge": ("待答复督办", "to answer an urge order"),
    "confirm_void": ("待确认作废", "to confirm voiding"),
    "decide_return": ("待裁定退单", "return to decide"),
    "decide_transfer": ("待答复转办", "transfer to answer"),
    "decide_extension": ("待审批延期", "extension to decide"),
    "decide_suspension": ("待审批挂账", "suspension to decide"),
    "decide_reopen": ("待审批重开", "reopening to decide"),
    "decide_appeal": ("待裁定申诉", "appeal to decide"),
    "answer_questions": ("问项待补填", "questions to answer"),
    "split_again": ("关联事务待处理", "errand to deal with"),
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "comment": ("批注", "note"),
    "unmask": ("揭示上报人", "unmask the reporter"),
    "recuse": ("回避", "step aside"),
    "lift_recusal": ("解除回避", "lift the recusal"),
    "hold_data": ("依法留存上报人信息", "put the reporter's data under legal hold"),
    "release_data": ("解除依法留存", "end the legal hold"),
    "erase_reporter": ("删除上报人信息", "erase the reporter"),
    "attach": ("补充附件", "attach"),
    "acknowledge": ("知悉", "acknowledge"),
    "escalate": ("升级", "escalate"),
    "urge": ("督办", "urge"),
    "answer_urge": ("答复督办", "answer the urge order"),
    "cancel_urge": ("撤销督办", "cancel the urge order"),
    "retract": ("撤回申请", "retract a request"),
    "answer_questions": ("补填问项", "answer the questions"),
    "recategorise": ("变更分类", "recategorise"),
    "adopt": ("改用新策略", "adopt a newer policy"),
    "relocate": ("变更位置", "relocate"),
    "link_enterprise": ("关联企业", "link to an enterprise"),
    "merge": ("并案", "merge"),
    "unmerge": ("拆出并案", "take out of the merge"),
    "split": ("拆分", "split"),
    "withdraw": ("撤回", "withdraw"),
    "void": ("作废", "void"),
    "refuse_void": ("不同意作废", "refuse the voiding"),
    "respond": ("报到", "respond"),
    "accept": ("受理", "accept"),
    "reject": ("不予受理", "reject"),
    "request_info": ("要求补充信息", "ask for information"),
    "supply_info": ("补充信息", "supply information"),
    "request_verification": ("发核实", "ask for verification"),
    "report_verification": ("核实反馈", "report the verification"),
    "self_close": ("现场自办结", "settled on the spot"),
    "dispatch": ("派遣", "dispatch"),
    "convene": ("吹哨会商", "convene"),
    "send_back": ("退回受理", "send back"),
    "redispatch": ("改派", "redispatch"),
    "recall": ("撤回派单", "recall"),
    "add_co_handler": ("增加协办", "add co-handlers"),
    "release_co_handler": ("撤销协办", "release a co-handler"),
    "claim": ("认领", "claim"),
    "release": ("放弃认领", "release"),
    "transfer": ("转办", "transfer"),
    "grant_transfer": ("同意接收", "take the case over"),
    "refuse_transfer": ("不同意接收", "refuse the transfer"),
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
    "assign_reviewer": ("指定核查人", "assign a reviewer"),
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
UNMASK_PURPOSES: dict[str, tuple[str, ...]] = {
    "call_back": ("回访核实", "to call back"),
    "safety": ("涉及人身安全", "somebody's safety"),
    "legal": ("司法、监察机关依法调取", "lawful request of a court or an inspection body"),
    "complaint": ("核查对办理人员的投诉", "to look into a complaint"),
    "other": ("其他(须写明)", "other (say which)"),
}
URGE_CAUSES: dict[str, tuple[str, ...]] = {
    "overdue_at_the_top": ("最高层级仍超期", "overdue at the top level"),
    "third_return": ("第三次退单", "third return"),
    "second_failed_review": ("第二次核查不通过", "second failed review"),
    "second_reopening": ("第二次重开", "second reopening"),
}
ESCALATION_MODES: dict[str, tuple[str, ...]] = {
    "act": ("接手", "to act"),
    "inform": ("知会", "to be informed"),
}
#: What somebody asks for and somebody else decides or answers (`models.enums.RequestKind`).
REQUESTS: dict[str, tuple[str, ...]] = {
    "info": ("补充信息", "information"),
    "verification": ("核实", "verification"),
    "return": ("退单", "return"),
    "transfer": ("转办", "transfer"),
    "extension": ("延期", "extension"),
    "suspension": ("挂账", "suspension"),
    "void": ("作废", "voiding"),
    "reopen": ("重开", "reopening"),
    "appeal": ("超时申诉", "appeal"),
}

#: Labels of a person's standing to a case (`rules.life_cycle.Who`), for refusals.
STANDINGS: dict[str, tuple[str, ...]] = {
    "reporter": ("上报人", "the reporter"),
    "own_reporter": ("上报人本人", "whoever reported it for themselves"),
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
    "keeper": ("保密员", "the keeper"),
    "reader": ("查阅人员", "a reader"),
    "claimant": ("认领人", "whoever claimed it"),
    "somebody other than who asked": ("申请人以外的人", "somebody other than who asked"),
    "somebody other than who gave the order": ("下达督办者以外的人", "somebody other than who gave the order"),
    "who asked": ("申请人本人", "whoever asked"),
    "the reviewer assigned": ("指定的核查人", "the reviewer assigned"),
    "a department that was late and has not appealed yet": (
        "超期且尚未申诉的部门",
        "a department that was late and has not appealed yet",
    ),
}

#: What a change by an administrator is about: `admin_actions.kind`.
INTEREST_KINDS: dict[str, tuple[str, ...]] = {
    "enterprise": ("企业", "enterprise"),
    "department": ("部门", "department"),
    "unit": ("网格", "grid unit"),
}
ACTION_KINDS: dict[str, tuple[str, ...]] = {
    "people": ("人员", "person"),
    "grants": ("角色", "role"),
    "absences": ("请假", "absence"),
    "interests": ("利害关系", "interest"),
    "shifts": ("值班", "shift"),
    "departments": ("部门", "department"),
    "zones": ("片区", "zone"),
    "grid_units": ("网格", "grid unit"),
    "policies": ("策略", "policy"),
    "policy_drafts": ("策略草稿", "draft of a policy"),
    "stations": ("监测站密钥", "key of a station"),
    "sessions": ("登录", "session"),
    "tokens": ("访问令牌", "personal token"),
    "open311_keys": ("Open311 密钥", "Open311 key"),
    "receivers": ("部门外部系统", "outside system"),
    "second_factors": ("二次验证", "second factor"),
    "temporal": ("流程数据", "workflow data"),
    "channels": ("渠道", "channel"),
    "hook_subscriptions": ("事件订阅", "subscription of a web hook"),
    "sends": ("发送", "send"),
}


#: A question to the reporter that ended without an answer: of such a fact, and of what is ahead.
_UNANSWERED = {"info_supplied": ("未收到补充", "no information came")}


def fact_label(kind: str, language: str, *, by_system: bool) -> str:
    """Return the label of a kind of fact. What the reporter adds, they add: by the system it is the end of waiting."""
    return label_of({**FACTS, **_UNANSWERED} if by_system else FACTS, kind, language)


def label_of(labels: Labels, code: str, language: str) -> str:
    """Return the label of a code in `zh` or `en`; an unknown code is returned as it is."""
    entry = labels.get(code)
    if entry is None:
        return code
    return entry[1] if language.startswith("en") else entry[0]
