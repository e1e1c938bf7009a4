"""Errors of plans (计划) and their duties (勤务)."""

from models.errors.base import DomainError


class NobodyForPlace(DomainError):
    code = "nobody_for_place"
    status = 422
    zh = "“{place}”没有人可承担:该处及其上级均无人担任{role}。请先配备人员或改由他人承担。"
    en = "Nobody can do the duties at “{place}”: no {role} there or above. Appoint somebody, or name others."


class PlanNeverDue(DomainError):
    code = "plan_never_due"
    status = 422
    zh = "该计划一年内没有一项勤务:{why_zh}。"
    en = "The plan would bring no duty within a year: {why_en}."


class UnknownChecklist(DomainError):
    code = "unknown_checklist"
    status = 422
    zh = "现行策略中没有检查表 {checklist}。可用:{known}。"
    en = "The policy in force has no checklist {checklist}. It has: {known}."


class UnknownCalendar(DomainError):
    code = "unknown_calendar"
    status = 422
    zh = "现行策略中没有日历 {calendar}。可用:{known}。"
    en = "The policy in force has no calendar {calendar}. It has: {known}."


class UnknownShift(DomainError):
    code = "unknown_shift"
    status = 422
    zh = "“{place}”没有登记班次:请填写班次,或先在企业档案中登记。"
    en = "No shifts are known for “{place}”: give them, or register them with the enterprise first."


class UnknownRating(DomainError):
    code = "unknown_rating"
    status = 422
    zh = "“{place}”没有所属企业的颜色等级,不能按等级确定走访频次。"
    en = "There is no enterprise with a colour at “{place}”, so a colour cannot say how often to visit."


class PlaceOutsidePlan(DomainError):
    code = "place_outside_plan"
    status = 422
    zh = "“{place}”不在计划所属网格 {grid} 之内。"
    en = "“{place}” does not lie in {grid}, the plan's unit."


class PlaceTwice(DomainError):
    code = "place_twice"
    status = 422
    zh = "“{place}”在计划中出现两次。"
    en = "“{place}” stands in the plan twice."


class SamePlan(DomainError):
    code = "same_plan"
    zh = "已有相同的计划 {code}({name}):工作、地点、人员和频次都一样。"
    en = "There is such a plan already, {code} ({name}): the same work, places, people and rhythm."


class NoSuchDuty(DomainError):
    code = "no_such_duty"
    status = 404
    zh = "没有勤务 {duty},或您无权查看。"
    en = "There is no duty {duty}, or you may not see it."


class DutyNotOpen(DomainError):
    code = "duty_not_open"
    zh = "该项勤务自 {opens_at} 起才可办理。"
    en = "This duty may be done from {opens_at} on."


class DutyDoneAlready(DomainError):
    code = "duty_done_already"
    zh = "该项勤务已由 {by} 于 {at} 报送,这一份没有记录。如另有问题,请作为事件上报。"
    en = "{by} reported this duty at {at}; this report was not recorded. Report anything further as a case."


class UnknownItem(DomainError):
    code = "unknown_item"
    status = 422
    zh = "检查表 {checklist} 没有检查项 {item}。"
    en = "The checklist {checklist} has no item {item}."


class ItemsMissing(DomainError):
    code = "items_missing"
    status = 422
    zh = "还有检查项没有结果:{items}。"
    en = "These items have no result yet: {items}."


class PhotoMissing(DomainError):
    code = "photo_missing"
    status = 422
    zh = "检查项“{item}”不合格,须附照片。"
    en = "The item “{item}” failed: it needs a photo."
