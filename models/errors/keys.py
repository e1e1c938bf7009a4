"""Errors of the master keys: those of reporters' data and of what Temporal stores."""

from models.errors.availability import StoreAway
from models.errors.base import DomainError


class NotUnmasked(DomainError):
    code = "not_unmasked"
    status = 403
    zh = "须先由保密员说明理由揭示上报人信息;揭示 15 分钟内有效。"
    en = "The keeper must unmask the reporter with a reason first; that holds for 15 minutes."


class UnderLegalHold(DomainError):
    code = "under_legal_hold"
    status = 409
    zh = "上报人信息处于依法留存,不能删除;请先解除留存。"
    en = "The reporter's data is under legal hold and can't be erased; end the hold first."


class KeysAway(DomainError):
    """The master key is missing, another one, or its service does not answer. Cases go on without it."""

    code = "keys_away"
    status = 503
    zh = (
        "上报人信息的密钥暂不可用,联系方式和涉及个人信息的填答无法读取或保存,请稍后再试;案件照常办理。"
        "请管理员核对密钥文件或密钥服务。"
    )
    en = (
        "The keys of reporters' data are not available: contacts and personal answers can be neither read nor "
        "stored; try again later. Cases go on. "
        "An administrator must check the key file or the key service."
    )


class PayloadKeysAway(StoreAway):
    """What Temporal stores can't be read or written, because its key is missing or another one."""

    code = "payload_keys_away"
    zh = (
        "流程数据的密钥({key})不可用,尚不能确认本次请求是否已保存;请用同一编号重发,不会重复登记。请管理员核对密钥文件。"
    )
    en = (
        "The key of the workflows' data ({key}) is not available; it is not known whether this was stored. "
        "Send it again with the same id: it counts once. An administrator must check the key file."
    )
