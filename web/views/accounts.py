"""What a sign-in was made with, in words."""

from web.views.translation_marks import _

#: By `SessionKind`.
SESSION_KINDS = {"browser": _("浏览器"), "phone": _("手机版"), "api": _("程序")}
#: What a personal token allows, by `Scope`.
SCOPES = {
    "read": _("读取"), "report": _("上报"), "act": _("办理"), "export": _("导出"), "feed": _("统计数据"),
    "admin": _("管理"),
}  # fmt: skip
