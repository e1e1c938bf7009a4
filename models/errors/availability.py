"""Errors of the system: a store is unreachable or behind, or the installation is incomplete."""

from models.errors.base import DomainError


class StoreAway(DomainError):
    code = "store_away"
    status = 503
    zh = "存储暂不可用,尚不能确认本次请求是否已保存;请用同一编号重发,不会重复登记。"
    en = "The store is away; it is not known whether this was stored. Send it again with the same id: it counts once."


class RecordingFailed(DomainError):
    """The recording step failed for this command. Nothing was stored, and the case continues without it."""

    code = "recording_failed"
    status = 500
    zh = "系统未能记录本次请求,未作任何保存;已记入日志,请稍后用同一编号重发。"
    en = "The request could not be recorded and nothing was stored; it is in the log. Send it again later, same id."


class StoreBehind(DomainError):
    """PostgreSQL has fewer facts than the workflow, as after restoring a backup. Appending would hide the gap."""

    code = "store_behind"
    status = 503
    zh = "案件数据落后于其历史(库 {stored},历史 {known}),须先重建。"
    en = "The stored case is behind its history (stored {stored}, known {known}); rebuild it first."


class ArchiveAway(DomainError):
    code = "archive_away"
    status = 503
    zh = "档案库暂时无法读取,请稍后再试。"
    en = "The archive can't be read at the moment; try again later."


class ArchiveAltered(DomainError):
    """The file of a retired case is gone, or is not the one that was written."""

    code = "archive_altered"
    status = 500
    zh = "案件 {case_no} 的档案文件缺失或已被改动,请联系管理员从档案备份恢复。"
    en = "The file of the case {case_no} in the archive is gone or was changed; an operator restores it from a backup."


class StorageFull(DomainError):
    code = "storage_full"
    status = 507
    zh = "存储空间不足,文件未保存。"
    en = "There is no room left; the file was not stored."


class NotSetUp(DomainError):
    code = "not_set_up"
    status = 503
    zh = "系统尚未配置完成(未发布政策或缺少兜底责任人)。"
    en = "The system is not set up yet (no policy published, or no fallback owner)."


class SchemaBehind(DomainError):
    """The tables are older than this program, or there are none."""

    code = "schema_behind"
    status = 503
    zh = "数据库的表结构早于本程序,请管理员执行 gridloop db upgrade。"
    en = "The tables of the database are older than this program; an operator runs: gridloop db upgrade."


class WorkflowsElsewhere(DomainError):
    """The workflows of the database are in another namespace than ours: what it takes would never be recorded."""

    code = "workflows_elsewhere"
    status = 503
    zh = "本服务连接的流程命名空间已停用,本次请求未保存;请用同一编号重发,或联系管理员。"
    en = "The namespace that this service is connected to is no longer in force, and nothing was stored; send it again."


class NotReady(DomainError):
    code = "not_ready"
    status = 503
    zh = "服务未就绪:{parts}。"
    en = "Not ready: {parts}."


class Internal(DomainError):
    """An unexpected error: logged with its traceback, shown without it."""

    code = "internal"
    status = 500
    zh = "服务器内部错误,请凭请求编号联系管理员。"
    en = "Internal error; quote the request id to an administrator."
