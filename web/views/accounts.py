"""What a sign-in was made with, in words."""

from web.views.translation_marks import _

#: By `SessionKind`.
SESSION_KINDS = {"browser": _("浏览器"), "phone": _("手机版"), "api": _("程序")}
