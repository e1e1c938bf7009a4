"""The words of messages outside the pages, and of why one waits; Chinese, then English."""

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


def what_label(what: str, language: str) -> str:
    """What an item tells of: a task, or a fact."""
    return label_of({**FACTS, **TASKS}, what, language)
