"""Errors of runs of emergency plans."""

from models.errors.base import DomainError


class NoSuchPlan(DomainError):
    code = "no_such_plan"
    status = 422
    zh = "策略中没有应急预案 {plan},现有:{known}。"
    en = "The policy has no emergency plan {plan}; it has: {known}."


class EmergencyRuns(DomainError):
    code = "emergency_runs"
    status = 409
    zh = "案件 {case_no} 的“{plan_zh}”正在执行,不能重复启动。"
    en = "“{plan_en}” is running for case {case_no} already."


class StepsOpen(DomainError):
    code = "steps_open"
    status = 409
    zh = "还有 {count} 个步骤未确认,不能结束:{zh}。请确认,或注明不适用的理由。"
    en = (
        "{count} step(s) are not settled: {en}. Confirm them, or say why they do not apply; then the run can be closed."
    )


class EmergencyOpen(DomainError):
    """The review of a case cannot be passed while a run of a plan goes on for it."""

    code = "emergency_open"
    status = 409
    zh = "应急处置 {codes} 尚未结束,不能通过核查。请先办完各步骤并结束处置,或由督查人员写明理由终止处置。"
    en = (
        "The emergency run {codes} has not ended, so the review cannot be passed. Settle its steps and close it, or"
        " have a supervisor stop it with a reason."
    )
