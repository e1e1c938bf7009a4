"""Errors of the HTTP request itself: its body, its method, its media type."""

from models.errors.base import DomainError


class BadRequest(DomainError):
    code = "bad_request"
    status = 400
    zh = "请求无法解析。"
    en = "The request cannot be understood."


class BrokenJson(DomainError):
    code = "broken_json"
    status = 400
    zh = "正文不是有效的 JSON:第 {line} 行第 {column} 列(字符位置 {position})有误。"
    en = "The body is not valid JSON: broken at line {line}, column {column} (character {position})."


class NotSentAsJson(DomainError):
    """The body has another media type than JSON; it was not read."""

    code = "not_sent_as_json"
    status = 415
    zh = "正文须以 Content-Type: application/json 发送,收到的是 {sent}。"
    en = "Send the body as Content-Type: application/json; this one came as {sent}."


class BrokenForm(DomainError):
    code = "broken_form"
    status = 400
    zh = "表单正文无法解析。"
    en = "The body is not a valid form."


class NotUtf8(DomainError):
    code = "not_utf8"
    status = 400
    zh = "表单文字不是 UTF-8 编码,请转换后重新提交。"
    en = "The text of the form is not UTF-8: convert it and send it again."


class BodyTooSlow(DomainError):
    code = "body_too_slow"
    status = 408
    zh = "请求正文发送过慢,已中断。请检查网络后重试。"
    en = "The body came too slowly, so the request was given up. Check the network and send it again."


class UnknownHost(DomainError):
    """The Host header names no address of ours. Nothing was read or done."""

    code = "unknown_host"
    status = 421
    zh = "本系统不以“{host}”的名义提供服务。"
    en = "This system does not answer under the name “{host}”."


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    status = 405
    zh = "此地址不支持 {method}。"
    en = "{method} is not supported here."


class BodyTooLarge(DomainError):
    code = "body_too_large"
    status = 413
    zh = "请求正文超过 {kilobytes} KB 上限。"
    en = "The body is over the cap of {kilobytes} KB."
