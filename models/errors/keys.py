"""Errors of the keys of reporters' data."""

from models.errors.base import DomainError


class KeysAway(DomainError):
    """The master key is missing, another one, or its service does not answer. Cases go on without it."""

    code = "keys_away"
    status = 503
    zh = "上报人信息的密钥暂不可用,联系方式无法读取或保存;案件照常办理。请管理员核对密钥文件或密钥服务。"
    en = (
        "The keys of reporters' data are not available: contacts can be neither read nor stored. Cases go on. "
        "An administrator must check the key file or the key service."
    )
