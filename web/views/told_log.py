"""Words for the messages to the reporter of a case."""

from web.views.translation_marks import _

#: By `ReporterEvent`.
TELL_EVENTS = {
    "accepted": _("受理"), "asked": _("请补充情况"), "suspended": _("暂停办理"), "extended": _("延长期限"),
    "closed": _("办理结果"),
}  # fmt: skip
#: By `SendStatus`.
TELL_STATES = {
    "waiting": _("发送中"), "delivered": _("已送达"), "failed": _("未能送达"), "unclear": _("不确定是否送达"),
}  # fmt: skip
#: By `UntoldReason`.
UNTOLD_REASONS = {
    "unwanted": _("上报人不再接收,或其信息已清除"), "no_channel": _("没有启用的渠道"), "refused": _("号码或邮箱被拒收"),
}  # fmt: skip
