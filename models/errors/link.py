"""Errors of one-time links."""

from models.errors.base import DomainError


class LinkExpired(DomainError):
    code = "link_expired"
    status = 410
    zh = "该链接已过期。如仍需答复,请联系发送方重新发送。"
    en = "This link has expired. If an answer is still wanted, ask whoever sent it for a new one."


class LinkPassed(DomainError):
    code = "link_passed"
    status = 410
    zh = "该链接已失效:事项已有新的进展,不再需要通过此链接答复。"
    en = "This link is no longer valid: the matter has moved on, and no answer is wanted by it."


class LinkUsed(DomainError):
    code = "link_used"
    status = 409
    zh = "该链接已使用过,每个链接只能答复一次。"
    en = "This link was used already; each can be answered once."


class LinkOfOther(DomainError):
    """The link was sent to somebody else with an account, and passed on."""

    code = "link_of_other"
    status = 403
    zh = "这个链接发给了另一位工作人员,只有收件人本人登录后可用。"
    en = "This link was sent to another member of staff. Only they can use it, signed in."


class NoActByLink(DomainError):
    """The act can't be done by a link of this kind."""

    code = "no_act_by_link"
    status = 422
    zh = "不能通过链接执行“{act}”。"
    en = "“{act}” cannot be done by a link."
