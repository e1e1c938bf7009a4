"""Errors of the Open311 interface. Its answers carry them in the form of GeoReport v2 (`api.open311.answers`)."""

from models.errors.base import DomainError


class NoSuchFormat(DomainError):
    code = "no_such_format"
    status = 404
    zh = "没有 .{suffix} 格式,请用 .xml 或 .json。"
    en = "There is no format .{suffix}: use .xml or .json."


class JurisdictionMissing(DomainError):
    code = "jurisdiction_missing"
    status = 400
    zh = "须给出 jurisdiction_id:{known}。"
    en = "jurisdiction_id is required, one of: {known}."


class NoSuchJurisdiction(DomainError):
    code = "no_such_jurisdiction"
    status = 404
    zh = "没有辖区 {jurisdiction}。"
    en = "There is no jurisdiction {jurisdiction}."


class NoSuchService(DomainError):
    code = "no_such_service"
    status = 404
    zh = "没有服务类别 {service}。"
    en = "There is no service_code {service}."


class NoSuchRequest(DomainError):
    code = "no_such_request"
    status = 404
    zh = "没有诉求 {number}。"
    en = "There is no service request {number}."


class NoSuchServiceToken(DomainError):
    code = "no_such_service_token"
    status = 404
    zh = "没有这个 token。"
    en = "There is no such token."


class Open311KeyWrong(DomainError):
    code = "open311_key_wrong"
    status = 403
    zh = "缺少 api_key,或密钥无效、已撤销。请向园区管理员申请。"
    en = "api_key is missing, or it is wrong or revoked. The administrator of the park gives keys."


class Open311KeyElsewhere(DomainError):
    code = "open311_key_elsewhere"
    status = 403
    zh = "该密钥只能用于 {unit} 及其下级。"
    en = "This key is for {unit} and the units below it alone."


class NoSuchOpen311Key(DomainError):
    code = "no_such_open311_key"
    status = 404
    zh = "没有这个密钥,或已撤销。"
    en = "There is no such key, or it has been revoked."


class DateWithoutZone(DomainError):
    code = "date_without_zone"
    status = 400
    zh = "{name} 须为带时区的 ISO 8601 时间,如 2026-01-31T08:00:00+08:00。"
    en = "{name} must be a time of ISO 8601 with its zone, such as 2026-01-31T08:00:00+08:00."


class SpanTooLong(DomainError):
    code = "span_too_long"
    status = 400
    zh = "{begin} 到 {end} 的跨度须大于零且不超过 {days} 天。"
    en = "From {begin} to {end} there must be more than nothing and at most {days} days."


class MediaNotThere(DomainError):
    code = "media_not_there"
    status = 502
    zh = "对方没有给出该文件(HTTP {http_status})。"
    en = "The far side did not give the file (HTTP {http_status})."


class UpdateNotNow(DomainError):
    code = "update_not_now"
    status = 400
    zh = "诉求 {number} 已结案,不再接收此类更新;如仍未解决,请以 status=REOPEN 提交理由。"
    en = "Request {number} is closed and takes no such update; if it is not solved, send status=REOPEN with the reason."
