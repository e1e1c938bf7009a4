"""Domain errors: one class per situation, each with its code, its HTTP status and its words in both languages."""

from models.domain_error import DomainError as DomainError
from models.domain_error import Refusal as Refusal
from models.domain_error import UnknownRefusal as UnknownRefusal
from models.domain_error import known_errors as known_errors
from models.domain_error import refusal as refusal

# --- what was asked does not fit where the case stands ---------------------------------------------


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


class StaleRevision(DomainError):
    code = "stale_revision"
    status = 412
    zh = "案件已更新(当前版本 {current},您看到的是 {seen}),请刷新后再试。"
    en = "The case has changed (it is at revision {current}, you saw {seen}); reload and try again."


class CommandIdReused(DomainError):
    code = "command_id_reused"
    zh = "该命令编号已用于另一条命令。"
    en = "This command id was already used for another command."


class ReportIdReused(DomainError):
    code = "report_id_reused"
    zh = "该上报编号已用于内容不同的另一份上报。"
    en = "This report id was already used for a report with different content."


# --- who --------------------------------------------------------------------------------------------


class NotSignedIn(DomainError):
    code = "not_signed_in"
    status = 401
    zh = "请先登录:令牌缺失、无效或已过期。"
    en = "Sign in first: the token is missing, invalid or expired."


class ForeignRequest(DomainError):
    """A change asked for with the session cookie, but not from one of our own pages."""

    code = "foreign_request"
    status = 403
    zh = "请求并非来自本系统的页面,未予执行。请回到页面重试。"
    en = "The request did not come from one of this system's own pages, and was not carried out."


class WrongCode(DomainError):
    """Unknown, expired, or the digits besides it are wrong: which of them is not told."""

    code = "wrong_code"
    status = 404
    zh = "查询码或手机号后四位不正确,或已过期归档。可再核对一遍,或拨打 12345。"
    en = "The code or the digits are wrong, or the report has been archived. Check them, or call 12345."


class WrongPassword(DomainError):
    code = "wrong_password"
    status = 401
    zh = "用户名或密码不正确。"
    en = "The user name or the password is wrong."


class TooManyAttempts(DomainError):
    code = "too_many_attempts"
    status = 429
    zh = "尝试次数过多,请 {seconds} 秒后再试。"
    en = "Too many attempts; try again in {seconds} seconds."


class NotYours(DomainError):
    code = "not_yours"
    status = 403
    zh = "您无权执行“{command}”:需要 {who}。"
    en = "You may not do “{command}”: it takes {who}."


class OutsideYourScope(DomainError):
    code = "outside_your_scope"
    status = 403
    zh = "网格 {grid} 不在您的管辖范围内。"
    en = "Grid unit {grid} is outside your scope."


class ReviewerHandledIt(DomainError):
    code = "reviewer_handled_it"
    status = 403
    zh = "核查人不能是处置人。"
    en = "Whoever handled a case may not review it."


class SecondPersonNeeded(DomainError):
    code = "second_person_needed"
    status = 403
    zh = "作废须由另一名值班员确认。"
    en = "Voiding takes a second duty officer."


# --- input ------------------------------------------------------------------------------------------


class InputError(DomainError):
    code = "bad_input"
    status = 422
    zh = "输入有误:{why_zh}。"
    en = "Bad input: {why_en}."


class UnknownCategory(DomainError):
    code = "unknown_category"
    status = 422
    zh = "没有小类 {category}。"
    en = "There is no category {category}."


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
    en = "The case lives under policy version {current} already; it cannot adopt version {version}."


class UnknownGrid(DomainError):
    code = "unknown_grid"
    status = 422
    zh = "没有网格 {grid},或已停用。"
    en = "There is no grid unit {grid}, or it is retired."


class PlaceOutsidePark(DomainError):
    code = "place_outside_park"
    status = 422
    zh = "该位置不在任何微网格内,请改填网格编码。"
    en = "No micro-grid contains this place; give a grid code instead."


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
    zh = "没有人员 {person},或不属于该部门。"
    en = "There is no person {person}, or not in this department."


class UnknownAttachment(DomainError):
    code = "unknown_attachment"
    status = 422
    zh = "附件 {sha256} 尚未上传。"
    en = "Attachment {sha256} has not been uploaded."


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


class EvidenceMissing(DomainError):
    code = "evidence_missing"
    status = 422
    zh = "该小类办结须附证据(照片或文件)。"
    en = "Completing a case of this category takes evidence (a photo or a file)."


class NotOfTheResult(DomainError):
    code = "not_of_the_result"
    status = 422
    zh = "附件 {sha256} 不是本次处置结果的照片,不能公开。"
    en = "Attachment {sha256} is no photo of this result: it cannot be released."


class NoSuchCase(DomainError):
    code = "no_such_case"
    status = 404
    zh = "没有案件 {case_no}。"
    en = "There is no case {case_no}."


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


class BadFilter(DomainError):
    code = "bad_filter"
    status = 422
    zh = "查询条件 {name} 的值 {value} 无效。"
    en = "{value} is no valid value of the filter {name}."


class TooManyRows(DomainError):
    code = "too_many_rows"
    status = 422
    zh = "共 {count} 件,超过一个文件 {most} 件的上限,请先缩小筛选范围。"
    en = "There are {count} cases, more than the {most} of one file; narrow the filters first."


class TooLongToWaitFor(DomainError):
    code = "too_long_to_wait_for"
    status = 422
    zh = "共 {count} 件,超过直接导出 {most} 件的上限,请改为后台导出。"
    en = "There are {count} cases, more than the {most} that are written at once; have it made in the background."


class TooManyExports(DomainError):
    code = "too_many_exports"
    status = 409
    zh = "您已有 {most} 个导出在进行,请等待其中一个完成或将其停止。"
    en = "{most} exports of yours are under way; wait for one of them, or stop it."


class ExportNotReady(DomainError):
    code = "export_not_ready"
    status = 409
    zh = "导出尚未完成或已停止({status})。"
    en = "The export is not ready, or was stopped ({status})."


class RightsChanged(DomainError):
    code = "rights_changed"
    status = 403
    zh = "您的权限在导出后已有变化,请重新导出。"
    en = "Your rights have changed since this was made; have it made again."


class TooManyViews(DomainError):
    code = "too_many_views"
    zh = "最多保存 {most} 个视图,请先删除不用的。"
    en = "At most {most} views can be kept; remove one first."


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


class NoSuchPage(DomainError):
    code = "not_found"
    status = 404
    zh = "没有“{what}”。"
    en = "There is no “{what}”."


class UnknownCommand(DomainError):
    code = "unknown_command"
    status = 404
    zh = "没有命令“{command}”。"
    en = "There is no command “{command}”."


class AttachmentTooLarge(DomainError):
    code = "attachment_too_large"
    status = 413
    zh = "附件超过 {megabytes} MB 上限。"
    en = "The attachment is over the cap of {megabytes} MB."


class AttachmentTypeRefused(DomainError):
    code = "attachment_type_refused"
    status = 415
    zh = "该文件不是可接受的类型(JPEG、PNG、WebP、PDF),内容识别为 {sniffed}。"
    en = "The file is none of the accepted types (JPEG, PNG, WebP, PDF); its content looks like {sniffed}."


class ImageTooLarge(DomainError):
    code = "image_too_large"
    status = 422
    zh = "图片为 {megapixels} 百万像素,超过 {limit} 百万像素上限。"
    en = "The picture has {megapixels} megapixels, over the cap of {limit}."


class AttachmentAnimated(DomainError):
    code = "attachment_animated"
    status = 422
    zh = "不接受动图,请上传静态图片。"
    en = "Animated pictures are not accepted; upload a still one."


class AttachmentDamaged(DomainError):
    code = "attachment_damaged"
    status = 422
    zh = "图片已损坏,无法读取。"
    en = "The picture is damaged and cannot be read."


class AttachmentEmpty(DomainError):
    code = "attachment_empty"
    status = 422
    zh = "文件是空的。"
    en = "The file is empty."


class AttachmentMissing(DomainError):
    code = "attachment_missing"
    status = 422
    zh = "请以 multipart/form-data 的 file 字段上传一个文件。"
    en = "Upload one file as the field “file” of multipart/form-data."


# --- the request itself -----------------------------------------------------------------------------


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
    """There is a body, which says of itself that it is something else: it is not even looked at."""

    code = "not_sent_as_json"
    status = 415
    zh = "正文须以 Content-Type: application/json 发送,收到的是 {sent}。"
    en = "Send the body as Content-Type: application/json; this one came as {sent}."


class BrokenForm(DomainError):
    code = "broken_form"
    status = 400
    zh = "表单正文无法解析。"
    en = "The body is not a valid form."


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


# --- the machine itself -----------------------------------------------------------------------------


class StoreAway(DomainError):
    code = "store_away"
    status = 503
    zh = "存储暂不可用,本次请求未保存,请用同一编号重发。"
    en = "The store is away and nothing was stored; send it again with the same id."


class RecordingFailed(DomainError):
    """The recording step itself is broken for this command. Nothing was stored, and the case goes on without it."""

    code = "recording_failed"
    status = 500
    zh = "系统未能记录本次请求,未作任何保存;已记入日志,请稍后用同一编号重发。"
    en = "The request could not be recorded and nothing was stored; it is in the log. Send it again later, same id."


class StoreBehind(DomainError):
    """PostgreSQL knows less than the workflow: a restored backup. Appending would hide a gap."""

    code = "store_behind"
    status = 503
    zh = "案件数据落后于其历史(库 {stored},历史 {known}),须先重建。"
    en = "The stored case is behind its history (stored {stored}, known {known}); rebuild it first."


class StorageFull(DomainError):
    code = "storage_full"
    status = 507
    zh = "存储空间不足,附件未保存。"
    en = "There is no room left; the attachment was not stored."


class AttachmentLost(DomainError):
    code = "attachment_lost"
    status = 503
    zh = "附件 {sha256} 已登记,但文件不在存储中,请通知管理员。"
    en = "Attachment {sha256} is registered, but its file is not in the store; tell an administrator."


class EvidenceTooLarge(DomainError):
    code = "evidence_too_large"
    status = 413
    zh = "证据共 {megabytes} MB,超过一次打包的上限 {most} MB,请在案件页逐个下载。"
    en = "The evidence is {megabytes} MB, more than the {most} MB that one archive takes; take the files one by one."


class NotSetUp(DomainError):
    code = "not_set_up"
    status = 503
    zh = "系统尚未配置完成(未发布政策或缺少兜底责任人)。"
    en = "The system is not set up yet (no policy published, or no fallback owner)."


class NotReady(DomainError):
    code = "not_ready"
    status = 503
    zh = "服务未就绪:{parts}。"
    en = "Not ready: {parts}."


class Internal(DomainError):
    """Something nobody foresaw: logged with its traceback, told without it."""

    code = "internal"
    status = 500
    zh = "服务器内部错误,请凭请求编号联系管理员。"
    en = "Internal error; quote the request id to an administrator."
