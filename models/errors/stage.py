"""Errors of the case's state: the command does not fit it, or was sent from a stale view."""

from models.errors.base import DomainError


class WrongStage(DomainError):
    code = "wrong_stage"
    zh = "“{command}”不能在“{stage}”环节执行。"
    en = "“{command}” cannot be done in stage “{stage}”."


class NotNow(DomainError):
    code = "not_now"
    zh = "现在不能执行“{command}”:{why_zh}。"
    en = "“{command}” cannot be done now: {why_en}."


class CaseSuspended(DomainError):
    code = "case_suspended"
    zh = "案件挂账至 {until},请先恢复办理。"
    en = "The case is suspended until {until}; resume it first."


class CoHandlersMissing(DomainError):
    code = "co_handlers_missing"
    zh = "协办部门尚未全部反馈:{departments}。"
    en = "Not every co-handler has reported yet: {departments}."


class NothingToForecast(DomainError):
    code = "nothing_to_forecast"
    zh = "案件已结案,没有期限可推算。"
    en = "The case is closed: it has no deadline left to forecast."


class AlreadyArchived(DomainError):
    code = "already_archived"
    zh = "案件已归档,不能再变更。"
    en = "The case is archived and can no longer change."


class NoExtensionOnceOverdue(DomainError):
    code = "no_extension_once_overdue"
    zh = "已超期,不能再申请延期。"
    en = "The deadline has passed; an extension can no longer be requested."


class ExtensionsUsedUp(DomainError):
    code = "extensions_used_up"
    zh = "延期最多批准 {most} 次,已用完。"
    en = "At most {most} extensions are granted, and they are used up."


class ReturnSettled(DomainError):
    code = "return_settled"
    zh = "该部门的退单申请已有裁定,本轮不得再次退单。"
    en = "A return by this department was already decided; it may not return the case again this round."


class LeadOfOthers(DomainError):
    code = "lead_of_others"
    zh = "案件 {cases} 已并入本案,不能就此终结;请先将其拆出,或继续办理。"
    en = "Cases {cases} were merged into this one: take them out first, or complete it."


class LeadIsYounger(DomainError):
    code = "lead_is_younger"
    zh = "只能并入更早且法定期限不晚于本案的案件;请反过来合并。"
    en = "A case is merged into an earlier one whose statutory deadline is no later; merge the other way round."


class LimitReached(DomainError):
    code = "limit_reached"
    zh = "本轮{what_zh}最多 {most} 次,已用完。"
    en = "In a round there are at most {most} {what_en}, and they are used up."


class CoHandlerHasReported(DomainError):
    code = "co_handler_has_reported"
    zh = "协办部门 {department} 已反馈,其协办记录不能撤销。"
    en = "Co-handler {department} has reported; its part is on record and stays."


class StaleRevision(DomainError):
    code = "stale_revision"
    status = 412
    zh = "案件已更新(当前版本 {current},您看到的是 {seen}),请刷新后再试。"
    en = "The case has changed (it is at revision {current}, you saw {seen}); reload and try again."


class TurnPassed(DomainError):
    """What a reporter says belongs to an earlier question, or an earlier end, than the case has now."""

    code = "turn_passed"
    status = 409
    zh = "办理情况刚有变化,您刚才的内容没有提交。请看下面的最新情况,再决定是否提交。"
    en = "The case has moved on, and what you wrote was not sent. See where it stands, then decide whether to send it."


class CommandIdReused(DomainError):
    code = "command_id_reused"
    zh = "该命令编号已用于另一条命令。"
    en = "This command id was already used for another command."


class ReportIdReused(DomainError):
    code = "report_id_reused"
    zh = "该上报编号已用于内容不同的另一份上报。"
    en = "This report id was already used for a report with different content."


class NotACase(DomainError):
    code = "not_a_case"
    status = 404
    zh = "案件尚不存在。"
    en = "There is no such case yet."
