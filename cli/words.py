"""What the command line calls things, in both languages. The codes stay what they are everywhere else."""

import locale
import os

STAGES: dict[str, tuple[str, ...]] = {
    "receive": ("受理", "receive"),
    "dispatch": ("派遣", "dispatch"),
    "handle": ("处置", "handle"),
    "review": ("核查", "review"),
    "closed": ("结案", "closed"),
}
LIGHTS: dict[str, tuple[str, ...]] = {
    "green": ("绿 ●", "green ●", "green"),
    "yellow": ("黄 ▲", "yellow ▲", "yellow"),
    "red": ("红 ■", "red ■", "red"),
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
ROLES: dict[str, tuple[str, ...]] = {
    "reporter": ("上报人", "reporter"),
    "grid_worker": ("网格员", "grid worker"),
    "duty_officer": ("值班员", "duty officer"),
    "handler": ("处置人员", "handler"),
    "department_head": ("部门负责人", "department head"),
    "reviewer": ("核查员", "reviewer"),
    "supervisor": ("督查员", "supervisor"),
    "keeper": ("保密员", "keeper"),
    "auditor": ("审计员", "auditor"),
    "admin": ("管理员", "admin"),
    "volunteer": ("志愿者", "volunteer"),
}
UNITS: dict[str, tuple[str, str]] = {
    "urgent_hour": ("紧急工作时", "urgent hours"),
    "work_hour": ("工作时", "work hours"),
    "work_day_8h": ("工作日(8 小时)", "workdays of 8 h"),
    "legal_work_day": ("工作日", "workdays"),
    "natural_day": ("自然日", "natural days"),
}


def english() -> bool:
    """Whether to speak English: by `GRIDLOOP_LANG`, else by the terminal's locale; else Chinese."""
    wanted = os.environ.get("GRIDLOOP_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    if not wanted or wanted.startswith(("C", "POSIX")):
        wanted = locale.getlocale()[0] or "zh"
    return wanted.lower().startswith("en")


def say(zh: str, en: str) -> str:
    """The one of two texts that is in the reader's language."""
    return en if english() else zh


def word(book: dict[str, tuple[str, ...]], code: str) -> str:
    """The word for a code; an unknown code stands for itself."""
    entry = book.get(code)
    return code if entry is None else say(entry[0], entry[1])
