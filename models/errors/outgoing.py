"""Errors of requests to other systems: what was wrong with the address, the connection or the answer.

`perhaps_done`: whether the far side may have carried out what was asked although its answer is not known.
"""

from typing import ClassVar

from models.errors.base import DomainError


class OutgoingFailed(DomainError):
    """A request to another system failed; the classes below say why."""

    code = "outgoing_failed"
    status = 502
    zh = "对方系统请求失败。"
    en = "The request to the other system failed."
    perhaps_done: ClassVar[bool] = False


class AddressRefused(OutgoingFailed):
    """The address is none that we send to: malformed, with credentials, or in a network that is not allowed."""

    code = "address_refused"
    status = 422
    zh = "不能向地址 {host} 发送:{why_zh}。"
    en = "Nothing is sent to {host}: {why_en}."


class RedirectRefused(OutgoingFailed):
    code = "redirect_refused"
    zh = "对方({host})要求转到另一地址(HTTP {http_status}),未跟随;请填写最终地址。"
    en = "{host} redirects to another address (HTTP {http_status}), which is not followed; give the final address."


class CertificateRefused(OutgoingFailed):
    code = "certificate_refused"
    zh = "对方({host})的证书无法通过验证:{why}。"
    en = "The certificate of {host} could not be verified: {why}."


class TlsFailed(OutgoingFailed):
    """There is no TLS at the far side, or none that both know: nothing was sent."""

    code = "tls_failed"
    zh = "与 {host} 的加密连接未能建立,该端口可能不使用加密。"
    en = "No encrypted connection to {host} came about; perhaps the port takes none."


class Unreachable(OutgoingFailed):
    """No connection came about: nothing was sent."""

    code = "unreachable"
    zh = "无法连接 {host}。"
    en = "{host} can't be reached."


class TooSlow(OutgoingFailed):
    """The answer was not complete in time."""

    code = "too_slow"
    status = 504
    zh = "{host} 在 {seconds} 秒内没有答复完毕。"
    en = "{host} did not answer completely within {seconds} s."
    perhaps_done = True


class AnswerLost(OutgoingFailed):
    """The connection broke after the request, or part of it, was sent."""

    code = "answer_lost"
    zh = "与 {host} 的连接在收到答复前中断。"
    en = "The connection to {host} broke before its answer arrived."
    perhaps_done = True


class AnswerTooLarge(OutgoingFailed):
    code = "answer_too_large"
    zh = "{host} 的答复超过 {limit} 字节。"
    en = "The answer of {host} is larger than {limit} bytes."
    perhaps_done = True
