"""The choices on the page of notifications, and their words."""

from services.wording.vocabulary import TASKS
from web.views.translation_marks import _

#: Minutes of a digest that are offered; None: as the policy says.
DIGESTS = (0, 10, 30, 60, 120, 240)
#: Minutes unread after which the next channel is tried; None: never.
SECONDS = (5, 15, 30, 60, 240)
#: For how many days something is muted; 0: for good.
MUTE_DAYS = (1, 7, 30)
#: Kinds of channels, as people call them.
KINDS = {
    "mail": _("电子邮件"), "sms": _("短信"), "push": _("手机推送"), "wecom": _("企业微信群"), "dingtalk": _("钉钉群"),
    "feishu": _("飞书群"), "webhook": _("对接系统"),
}  # fmt: skip
#: What may be muted: the steps of ladders, and tasks by their kind.
WHATS = {"step_fired": ("升级提醒", "escalation steps"), **TASKS}
