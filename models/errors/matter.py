"""Errors of matters (事项): what they are, who may act on them, and where they stand."""

from models.errors.base import DomainError


class NoSuchMatter(DomainError):
    code = "no_such_matter"
    status = 404
    zh = "没有编号为 {code} 的{kind_zh},或您无权查看。"
    en = "There is no {kind_en} {code}, or you may not see it."


class MatterExists(DomainError):
    code = "matter_exists"
    status = 409
    zh = "编号 {code} 已登记({name}),不能重复登记。"
    en = "{code} is registered already ({name}); there is one of each code."


class MatterEnded(DomainError):
    code = "matter_ended"
    status = 409
    zh = "“{name}”已终止,不能再变更。"
    en = "“{name}” has ended and can no longer change."


class MatterNotNow(DomainError):
    code = "matter_not_now"
    status = 409
    zh = "现在不能执行“{command}”:{why_zh}。"
    en = "“{command}” cannot be done now: {why_en}."


class UnknownMatterCommand(DomainError):
    code = "unknown_matter_command"
    status = 404
    zh = "没有“{command}”这一办理动作。"
    en = "There is no command “{command}” here."
