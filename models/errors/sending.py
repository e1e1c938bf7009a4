"""Errors of channels and of the delivery log."""

from models.errors.base import DomainError


class ChannelUnknown(DomainError):
    code = "channel_unknown"
    status = 404
    zh = "没有渠道 {channel}。"
    en = "There is no channel {channel}."


class ChannelKindStays(DomainError):
    code = "channel_kind_stays"
    status = 422
    zh = "渠道 {channel} 的类型不能更改,请另建渠道。"
    en = "The kind of channel {channel} stays as it is; make another channel."


class ChannelInUse(DomainError):
    code = "channel_in_use"
    status = 409
    zh = "渠道 {channel} 还不能删除:{why_zh}"
    en = "Channel {channel} can't be removed yet: {why_en}"


class SecretMissing(DomainError):
    code = "secret_missing"
    status = 422
    zh = "请填写密钥“{name}”。"
    en = "Give the secret “{name}”."


class SecretUnknown(DomainError):
    code = "secret_unknown"
    status = 422
    zh = "该类渠道没有密钥“{name}”。"
    en = "Such a channel has no secret “{name}”."


class SecretTooShort(DomainError):
    code = "secret_too_short"
    status = 422
    zh = "签名密钥至少 {least} 个字符。"
    en = "A secret that signs has {least} characters or more."


class NoSuchSend(DomainError):
    code = "no_such_send"
    status = 404
    zh = "没有编号为 {key} 的发送记录。"
    en = "There is no send {key}."


class SendUnderWay(DomainError):
    code = "send_under_way"
    zh = "该消息仍在发送中,不能重发。"
    en = "It is still being sent, and can't be replayed."


class NotReplayable(DomainError):
    code = "not_replayable"
    status = 410
    zh = "该消息的内容已过保留期删除,不能重发。"
    en = "Its content has been deleted after its time, so it can't be replayed."


class NoSuchHook(DomainError):
    code = "no_such_hook"
    status = 404
    zh = "没有该订阅。"
    en = "There is no such subscription."
