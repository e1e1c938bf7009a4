"""Errors of receivers, hand-overs and the answers of receivers."""

from models.errors.base import DomainError


class SignatureRefused(DomainError):
    code = "signature_refused"
    status = 401
    zh = "签名无效或已过期:请核对密钥、时间戳和正文。"
    en = "The signature is wrong or too old: check the secret, the timestamp and the body."


class AnswerIdReused(DomainError):
    code = "answer_id_reused"
    status = 409
    zh = "编号 {answer_id} 已用于另一个答复。"
    en = "The id {answer_id} was used for another answer."


class NotToSettle(DomainError):
    code = "not_to_settle"
    status = 409
    zh = "该移交当前状态({status})下不能这样处理。"
    en = "The hand-over is “{status}” and cannot be settled in this way."


class ReceiverFailed(DomainError):
    """The test of a receiver: it did not take the request."""

    code = "receiver_failed"
    status = 502
    zh = "接收方未接受测试请求:{why}。"
    en = "The receiver did not take the test: {why}."
