"""Errors of monitoring stations and their readings."""

from models.errors.base import DomainError


class StationKeyWrong(DomainError):
    code = "station_key_wrong"
    status = 401
    zh = "缺少监测站密钥,或密钥无效、已更换、已撤销。请以 Authorization: Bearer 或 X-Station-Key 发送该站的密钥。"
    en = (
        "The station's key is missing, or it is wrong, rotated or revoked. Send the station's own key as"
        " Authorization: Bearer, or as X-Station-Key."
    )


class StationKeyOfAnother(DomainError):
    code = "station_key_of_another"
    status = 403
    zh = "该密钥属于另一监测站,不能用于 {code}。"
    en = "This key belongs to another station; it is not for {code}."


class TooManyReadings(DomainError):
    code = "too_many_readings"
    status = 413
    zh = "一批最多 {most} 条读数,收到 {count} 条,未保存任何一条。请分批发送。"
    en = "One batch may hold {most} readings at most; {count} came, and none was stored. Send them in several batches."


class NoReadings(DomainError):
    code = "no_readings"
    status = 422
    zh = "没有读数:readings 须为至少一条读数的数组。"
    en = "There is no reading: readings must be an array of at least one."


class UnknownMetric(DomainError):
    code = "unknown_metric"
    status = 422
    zh = "该站没有监测项 {metric},现有:{known}。"
    en = "The station has no metric {metric}; it has: {known}."


class ReadingInFuture(DomainError):
    code = "reading_in_future"
    status = 422
    zh = "读数时间 {moment} 在未来(容许偏差 {minutes} 分钟)。请校准监测站时钟。"
    en = "The reading's time {moment} is in the future (by more than {minutes} minutes). Set the station's clock right."


class ReadingTooOld(DomainError):
    code = "reading_too_old"
    status = 422
    zh = "读数时间 {moment} 早于保存期({days} 天),不再接收。"
    en = "The reading's time {moment} is before the {days} days for which readings are kept."


class ReadingConflict(DomainError):
    code = "reading_conflict"
    status = 409
    zh = "{metric} 在 {moment} 已有读数 {stored},与此次的 {sent} 不同;保留原值。"
    en = "{metric} has the reading {stored} at {moment} already, not {sent}; the first one is kept."


class NoReadingTaken(DomainError):
    """Every reading of a batch was refused; each has its own message."""

    code = "no_reading_taken"
    status = 422
    zh = "{count} 条读数全部未被接收:{first}"
    en = "None of the {count} reading(s) was taken: {first}"
