"""Errors of enterprises: their codes, their hours, their colour, and the cases that name them."""

from models.errors.base import DomainError


class CreditCodeLength(DomainError):
    code = "credit_code_length"
    status = 422
    zh = "统一社会信用代码须为 18 位,实有 {length} 位。"
    en = "A unified social credit code has 18 characters; this one has {length}."


class CreditCodeAlphabet(DomainError):
    code = "credit_code_alphabet"
    status = 422
    zh = "统一社会信用代码第 {place} 位“{char}”不在规定字符内(数字和大写字母,不含 I、O、S、V、Z)。"
    en = "Character {place} of the credit code, “{char}”, is none of its digits and capitals (without I, O, S, V, Z)."


class CreditCodeCheck(DomainError):
    code = "credit_code_check"
    status = 422
    zh = "统一社会信用代码的校验位“{last}”不对,请核对是否抄错。"
    en = "The check character “{last}” of the credit code is wrong; look whether it was copied correctly."


class UnknownEnterprise(DomainError):
    code = "unknown_enterprise"
    status = 422
    zh = "没有登记统一社会信用代码为 {enterprise} 的企业,或已注销登记。"
    en = "No enterprise with the credit code {enterprise} is registered, or it was taken off the register."


class LeadOfOtherEnterprise(DomainError):
    code = "lead_of_other_enterprise"
    zh = "本案涉及企业 {enterprise},主案 {case_no} 没有关联该企业:请先为主案关联企业,再合并。"
    en = (
        "This case is about the enterprise {enterprise}, and the lead {case_no} is not: link the lead to the"
        " enterprise first, then merge."
    )


class ColourNeverLeft(DomainError):
    code = "colour_never_left"
    status = 422
    zh = "这条规则使企业变色后永远不能恢复:{why_zh}。"
    en = "An enterprise could never leave the colour that this rule gives: {why_en}."
