"""The words of messages outside the pages, and of why one waits; Chinese, then English."""

from typing import Final, Literal

from models.mailbox import MessageForm, Why
from models.policy.notifications import Ground
from services.wording.vocabulary import FACTS, TASKS, label_of

GROUNDS: dict[str, tuple[str, str]] = {
    Ground.MAJOR_HAZARD: ("重大隐患或重大事件", "a major hazard"),
    Ground.STATUTORY_CEILING: ("法定最长时限将到或已过", "a limit set by law is near or has passed"),
    Ground.EMERGENCY: ("应急处置或监测报警", "an emergency, or an alarm of a monitoring station"),
}
#: Why an item waits, or why it was not sent.
WHYS: dict[str, tuple[str, str]] = {
    Why.GATHERING: ("稍候,与同时到达的事项合并", "waits a moment for what comes with it"),
    Why.DIGEST: ("等待合并发送", "waits for the next digest"),
    Why.QUIET: ("免打扰时段", "quiet hours"),
    Why.CAP: ("已达发送条数上限", "the cap of messages is reached"),
    Why.MUTED: ("您已设为静默", "you have muted it"),
    Why.STORM: ("短时间内事项过多,只发一条汇总", "too much at once: one summary tells all"),
    Why.DONE: ("发送前已有人办理", "somebody had taken it up before it was sent"),
    Why.READ: ("您已在页面上读过", "you had read it on the pages"),
    Why.HIDDEN: ("您已无权查看", "you may not see it any more"),
    Why.NO_CHANNEL: ("没有可用的接收方式", "there is no channel to send it by"),
    Why.OFF: ("您已关闭站外消息", "you have switched messages off"),
}
FORMS: dict[str, tuple[str, str]] = {
    MessageForm.SINGLE: ("单条", "single"),
    MessageForm.DIGEST: ("合并", "digest"),
    MessageForm.SUMMARY: ("汇总", "summary"),
    MessageForm.SECOND: ("未读再发", "repeated, unread"),
}
#: How a send ended (`models.sends.SendStatus`).
SENDS: dict[str, tuple[str, str]] = {
    "waiting": ("发送中", "being sent"),
    "delivered": ("已送达", "delivered"),
    "failed": ("未能送达", "not delivered"),
    "unclear": ("结果不明,待人工核对", "unclear: somebody has to look"),
}
#: What a step of a ladder is called in a message; on a timeline it has another name.
_STEPS = {"step_fired": ("升级提醒", "escalation"), "summons_missed": ("会商未到", "summons missed")}
#: The sentences of messages, with their places.
_MESSAGES: dict[str, tuple[str, str]] = {
    "summary": (
        "{place}短时间内有 {n} 件事项,请到系统查看", "{n} items in a short time: {place}. Please look in Gridloop.",
    ),
    "everywhere": ("各处", "several places"),
    "second": ("未读提醒:{n} 件事项待您查看", "Unread: {n} items wait for you"),
    "second_one": ("未读提醒:1 件事项待您查看", "Unread: 1 item waits for you"),
    "digest": ("{n} 件事项待您查看", "{n} items wait for you"),
    "digest_one": ("1 件事项待您查看", "1 item waits for you"),
    "urgent": ("【紧急】", "[Urgent] "),
    "worst": ("其中最要紧的 {n} 件:", "The {n} most pressing of them:"),
    "rest": (
        "其余事项在系统待办中,不再逐件发送。", "The others are in your queue; they are not sent one by one.",
    ),
    "more": ("另有 {n} 件,请到系统查看。", "{n} more: please look in Gridloop."),
    "item": ("{about}:{what}", "{about}: {what}"),
    "due": (",时限 {at}", ", due {at}"),
    "climbed": ("已超期", "overdue"),
    "code": ("验证码 {code}", "Code {code}"),
    "code_for": (
        "您正在登记接收通知的地址,验证码 {code},{minutes} 分钟内有效。非本人操作请忽略。",
        "You are adding an address for messages. Code {code}, valid for {minutes} minutes. "
        "If this was not you, ignore it.",
    ),
}  # fmt: skip
#: What a person has chosen nothing of is told in Chinese.
DEFAULT_LANGUAGE: Final[Literal["zh"]] = "zh"


def message_text(name: str, language: str, **values: object) -> str:
    """A sentence of a message."""
    return _MESSAGES[name][1 if language == "en" else 0].format(**values)


def what_label(what: str, language: str) -> str:
    """What an item tells of: a task, or a fact."""
    return label_of({**FACTS, **TASKS, **_STEPS}, what, language)
