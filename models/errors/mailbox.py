"""Errors of addresses at which people are told."""

from models.errors.base import DomainError


class NoSuchAddress(DomainError):
    code = "no_such_address"
    status = 404
    zh = "没有此接收方式。"
    en = "There is no such address."


class NoSuchChannel(DomainError):
    code = "no_such_channel"
    status = 422
    zh = "没有可用的渠道“{channel}”。"
    en = "There is no channel “{channel}” that can be used."


class AddressTaken(DomainError):
    code = "address_taken"
    status = 409
    zh = "您已登记过此接收方式。"
    en = "You have this address already."


class WrongAddressCode(DomainError):
    code = "wrong_address_code"
    status = 422
    zh = "验证码不对或已过期;还可试 {left} 次。"
    en = "The code is wrong or has expired; {left} tries are left."
