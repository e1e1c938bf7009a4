"""What pydantic finds wrong with input, as sentences for people, in both languages."""

import re
from collections.abc import Mapping
from typing import Any

from models.base import NO_NUL, PHONE
from models.errors import known_errors
from services.wording.vocabulary import LEVELS, LIGHTS, OUTCOMES, ROLES, SEVERITIES, SOURCES, STAGES, URGE_KINDS, Book

#: What is said of a kind that has no sentence of its own, in Chinese.
GENERAL = "值无效"
#: The common kinds of pydantic error, in Chinese; English is pydantic's own.
_ZH: Mapping[str, str] = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "none_required": "须为空",
    "string_type": "须为字符串",
    "string_unicode": "含有无效的 Unicode 字符",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不符,须匹配 {pattern}",
    "int_type": "须为整数",
    "int_parsing": "须为整数",
    "int_parsing_size": "整数过大",
    "int_from_float": "须为整数,不能带小数",
    "float_type": "须为数字",
    "float_parsing": "须为数字",
    "finite_number": "须为有限的数字",
    "bool_type": "须为 true 或 false",
    "bool_parsing": "须为 true 或 false",
    "greater_than": "须大于 {gt}",
    "greater_than_equal": "须不小于 {ge}",
    "less_than": "须小于 {lt}",
    "less_than_equal": "须不大于 {le}",
    "enum": "须为以下之一:{expected}",
    "literal_error": "须为以下之一:{expected}",
    "uuid_type": "须为 UUID",
    "uuid_parsing": "须为 UUID",
    "uuid_version": "须为 UUID 第 {expected_version} 版",
    "datetime_type": "须为带时区的日期时间(ISO 8601)",
    "datetime_parsing": "须为带时区的日期时间(ISO 8601)",
    "datetime_from_date_parsing": "须为带时区的日期时间(ISO 8601)",
    "datetime_object_invalid": "须为带时区的日期时间(ISO 8601)",
    "timezone_aware": "日期时间须带时区,例如 +08:00",
    "date_type": "须为日期(YYYY-MM-DD)",
    "date_parsing": "须为日期(YYYY-MM-DD)",
    "date_from_datetime_parsing": "须为日期(YYYY-MM-DD)",
    "date_from_datetime_inexact": "须为日期,不带时间",
    "time_delta_parsing": "须为时长(ISO 8601)",
    "list_type": "须为数组",
    "tuple_type": "须为数组",
    "set_type": "须为数组",
    "frozen_set_type": "须为数组",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "dict_type": "须为对象",
    "model_type": "须为对象",
    "model_attributes_type": "须为 JSON 对象",
    "union_tag_not_found": "缺少用于区分类型的字段 {discriminator}",
    "union_tag_invalid": "{discriminator} 须为以下之一:{expected_tags}",
    "json_type": "须为 JSON 字符串",
    "bytes_type": "须为文件内容",
    "url_parsing": "须为网址",
}

#: What a pattern asks for, in words, where people may meet it.
_PATTERNS = {
    NO_NUL: ("不能含有空字符 U+0000", "must not contain the character U+0000"),
    PHONE: ("须为电话号码:5 至 20 位数字、空格或短横线", "must be a phone number of 5 to 20 digits, spaces or hyphens"),
}
#: Where a kind tells what may be chosen; and the books that have a word for what may be.
_CHOICES = {"enum": "expected", "literal_error": "expected", "union_tag_invalid": "expected_tags"}
_BOOKS: tuple[Book, ...] = (STAGES, LIGHTS, SEVERITIES, ROLES, SOURCES, OUTCOMES, URGE_KINDS, LEVELS)


def sentence(error: Mapping[str, Any], language: str) -> str:
    """What is wrong, for people, in `zh` or `en`. A kind without a Chinese sentence is told in general words."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    domain = known_errors().get(kind)
    if domain is not None:  # a validator of ours, which raised PydanticCustomError with a code of ours
        return domain(**context).message(language)
    if (told := _PATTERNS.get(context.get("pattern", ""))) is not None:
        return told[1] if language.startswith("en") else told[0]
    if language.startswith("en"):
        return str(error["msg"])
    if (wanted := context.get(_CHOICES.get(kind, ""))) is not None:
        context = {**context, _CHOICES[kind]: _choice(str(wanted))}
    template = _ZH.get(kind)
    if template is None:
        return GENERAL
    return template.format_map(_Lenient(context))


def _choice(expected: str) -> str:
    """What may be chosen, in Chinese: pydantic tells it as `'receive', 'dispatch' or 'closed'`.

    Codes are what is typed, so they are told; with their words where they are codes of one book.
    """
    codes = re.findall(r"'([^']*)'|([^\s',]+)", expected.replace(" or ", ", "))
    told = [quoted or bare for quoted, bare in codes]
    book = next((book for book in _BOOKS if len(told) > 1 and set(told) <= set(book)), None)
    if book is not None:
        told = [f"{book[code][0].split()[0]}({code})" for code in told]
    return " 或 ".join(part for part in ("、".join(told[:-1]), told[-1] if told else "") if part)


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"
