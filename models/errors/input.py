"""Errors of input: a value names nothing, contradicts another, or is out of bounds."""

from models.errors.base import DomainError


class InputError(DomainError):
    code = "bad_input"
    status = 422
    zh = "输入有误:{why_zh}。"
    en = "Bad input: {why_en}."


class DraftChanged(DomainError):
    code = "draft_changed"
    status = 409
    zh = "您打开之后,草稿中的这些内容已被他人改动,因此没有覆盖。您填写的内容仍在下方:请与现值核对后再保存。"
    en = (
        "Somebody else has changed this part of the draft since you opened it, so nothing was overwritten. What you"
        " typed is still below: compare it with what is there now, and save again."
    )


class UnknownCategory(DomainError):
    code = "unknown_category"
    status = 422
    zh = "没有小类 {category}。"
    en = "There is no category {category}."


class CategoryOutOfUse(DomainError):
    code = "category_out_of_use"
    status = 422
    zh = "小类 {category} 已停用,请另选。"
    en = "Category {category} is no longer in use: choose another."


class NoSuchSuggestion(DomainError):
    code = "no_such_suggestion"
    status = 422
    zh = "没有建议 {suggestion}。"
    en = "There is no suggestion {suggestion}."


class UnknownCondition(DomainError):
    code = "unknown_condition"
    status = 422
    zh = "小类 {category} 没有立案条件 {condition},可选:{known}。"
    en = "Category {category} has no opening condition {condition}; it has: {known}."


class PublishedIntoThePast(DomainError):
    code = "published_into_the_past"
    status = 422
    zh = "生效时间 {moment} 已过:策略不能追溯生效。"
    en = "The effective date {moment} has passed: a policy cannot take effect in the past."


class CalendarsMissing(DomainError):
    code = "calendars_missing"
    status = 422
    zh = "未结案件仍在使用日历 {names},新策略中没有。"
    en = "Open cases are counted by the calendars {names}, which the policy does not have."


class NoSuchVersion(DomainError):
    code = "no_such_version"
    status = 422
    zh = "没有已生效的策略版本 {version}。"
    en = "There is no policy version {version} in force."


class VersionNotNewer(DomainError):
    code = "version_not_newer"
    zh = "案件已适用策略版本 {current},不能改用版本 {version}。"
    en = "The case already has policy version {current}; it cannot adopt version {version}."


class UnknownGrid(DomainError):
    code = "unknown_grid"
    status = 422
    zh = "没有网格 {grid},或已停用。"
    en = "There is no grid unit {grid}, or it is retired."


class PlaceOutsidePark(DomainError):
    code = "place_outside_park"
    status = 422
    zh = "该位置不在任何微网格内。请核对位置和坐标系(datum),或不填位置,只填网格编码。"
    en = "No micro-grid contains this place. Check it and its datum, or leave it out and give a grid code."


class GridMissing(DomainError):
    code = "grid_missing"
    status = 422
    zh = "请填写网格编码或位置。"
    en = "Give a grid code or a location."


class UnknownDepartment(DomainError):
    code = "unknown_department"
    status = 422
    zh = "没有部门 {department},或已停用。"
    en = "There is no department {department}, or it is retired."


class HostAmongCoHandlers(DomainError):
    code = "host_among_co_handlers"
    status = 422
    zh = "主办部门不能同时是协办部门。"
    en = "The host cannot be a co-handler as well."


class UnknownPerson(DomainError):
    code = "unknown_person"
    status = 422
    zh = "没有人员 {person},或其不能承担此事。"
    en = "There is no person {person}, or they cannot take this on."


class ReasonMissing(DomainError):
    code = "reason_missing"
    status = 422
    zh = "{department} 本轮已退单;再次派给该部门须在备注中说明理由。"
    en = "{department} returned the case in this round; say in the note why it is to take it again."


class AnswerMissing(DomainError):
    code = "answer_missing"
    status = 422
    zh = "该来源的上报须填写给上报人的答复。"
    en = "A report from this channel is completed only with an answer for the reporter."


class LevelNotHigher(DomainError):
    code = "level_not_higher"
    status = 422
    zh = "只能升级到更高层级;案件现在位于第 {level} 级。"
    en = "A case is escalated upwards only; it stands at level {level}."


class NotACoHandler(DomainError):
    code = "not_a_co_handler"
    status = 422
    zh = "{department} 不是协办部门。"
    en = "{department} is not a co-handler."


class TimeInFuture(DomainError):
    code = "time_in_future"
    status = 422
    zh = "时间 {moment} 在未来。"
    en = "The time {moment} is in the future."


class TimeNotLater(DomainError):
    code = "time_not_later"
    status = 422
    zh = "时间 {moment} 须晚于 {after}。"
    en = "The time {moment} must be later than {after}."


class TooLate(DomainError):
    code = "too_late"
    status = 422
    zh = "时间 {moment} 超过上限 {limit}。"
    en = "The time {moment} is past the cap, {limit}."


class PastCeiling(DomainError):
    code = "past_ceiling"
    status = 422
    zh = "时间 {moment} 超过上限 {ceiling}({source}),不能延期到此时。"
    en = "The time {moment} is past the ceiling {ceiling} ({source}): no extension may reach it."


class NotYetPast(DomainError):
    """A moment that is asked for as past and is still to come."""

    code = "not_yet_past"
    status = 422
    zh = "{moment} 尚未到来,只能查看过去的时刻。"
    en = "{moment} is still to come; only a past moment can be looked at."


class NoSuchCase(DomainError):
    code = "no_such_case"
    status = 404
    zh = "没有案件 {case_no}。"
    en = "There is no case {case_no}."


class CaseRetired(DomainError):
    """A case that left the database: its facts lie in the archive alone. `at`: the day on which it did."""

    code = "retired"
    status = 410
    zh = "案件 {case_no} 已于 {at} 转存档案库,不再在线办理和查看;督查员、审计员可从档案库调阅。"
    en = (
        "The case {case_no} was retired on {at}: it lies in the archive, where supervisors and auditors of its place"
        " can read it."
    )


class NoSuchLead(DomainError):
    code = "no_such_lead"
    status = 422
    zh = "不能并入案件 {case_no}:不存在、已结案或是其本身。"
    en = "Cannot merge into case {case_no}: it does not exist, is closed, or is this very case."


class NothingToChange(DomainError):
    code = "nothing_to_change"
    status = 422
    zh = "没有变化。"
    en = "Nothing would change."


class OutsideYourDepartments(DomainError):
    code = "outside_your_departments"
    status = 403
    zh = "您不属于部门 {department},不能与其共享。"
    en = "You do not act for department {department}, and can't share with it."


class IdMissing(DomainError):
    code = "id_missing"
    status = 422
    zh = "请填写 report_id,或使用请求头 Idempotency-Key(UUID)。"
    en = "Give report_id, or the header Idempotency-Key (a UUID)."


class UnknownCommand(DomainError):
    code = "unknown_command"
    status = 404
    zh = "没有命令“{command}”。"
    en = "There is no command “{command}”."


class PlaceContradictsGrid(DomainError):
    code = "place_contradicts_grid"
    status = 422
    zh = "位置在网格 {found} 内,不在所填网格 {grid} 内。请改正其一;如确实如此,请注明(mismatch_meant)。"
    en = "The location lies in {found}, not in the unit given, {grid}. Correct one of them, or say that it is meant."
