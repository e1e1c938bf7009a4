"""Turn pydantic's input errors into sentences for people, in both languages."""

import re
from collections.abc import Mapping
from typing import Any

from models.errors import known_errors
from services.wording.patterns import PATTERNS
from services.wording.vocabulary import LEVELS, LIGHTS, OUTCOMES, ROLES, SEVERITIES, SOURCES, STAGES, URGE_KINDS, Labels

#: The Chinese text for a kind that has no sentence of its own.
GENERAL_FAULT = "值无效"
#: The common kinds of pydantic error, in Chinese; English is pydantic's own.
_ZH: Mapping[str, str] = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "none_required": "须为空",
    "string_type": "须为字符串",
    "string_unicode": "含有无效的 Unicode 字符",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
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
    "markup": "须为纯文本,不能含 HTML 标签",
}

#: English sentences where pydantic's speak of types and patterns.
_EN: Mapping[str, str] = {
    "missing": "is required",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than_equal": "must not be less than {ge}",
    "less_than_equal": "must not be more than {le}",
    "too_short": "must have at least {min_length} item(s)",
    "too_long": "must have at most {max_length} item(s)",
    "union_tag_not_found": "lacks the field {discriminator}, which says what it is",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
}
_CONTROL_ZH = "第 {position} 个字符是控制字符({code}),请删去后重填"
_CONTROL_EN = "character {position} is a control character ({code}): remove it"

#: The context key with the choices of a kind; and the label tables that may name them.
_CHOICES = {"enum": "expected", "literal_error": "expected", "union_tag_invalid": "expected_tags"}
_LABELS: tuple[Labels, ...] = (STAGES, LIGHTS, SEVERITIES, ROLES, SOURCES, OUTCOMES, URGE_KINDS, LEVELS)


#: Sentences in both languages: of a control character, and those that a validator told itself (`models.base.fault`).
_BOTH: Mapping[str, tuple[str, str]] = {"control_character": (_CONTROL_ZH, _CONTROL_EN), "told": ("{zh}", "{en}")}


def fault_text(error: Mapping[str, Any], language: str) -> str:
    """Return what is wrong in `zh` or `en`. A kind without a Chinese sentence gets a general one."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    domain = known_errors().get(kind)
    if domain is not None:  # raised by our own validator as PydanticCustomError, with one of our error codes
        return domain(**context).message(language).rstrip("。.")  # a part of the sentence around it
    if kind in ("too_short", "too_long") and context.get("field_type") == "Value":  # a text, once cleaned
        kind = f"string_{kind}"
    if kind == "string_too_short" and context.get("min_length") == 1:
        return "must not be empty" if language.startswith("en") else "不能为空"
    if (pattern_text := PATTERNS.get(context.get("pattern", ""))) is not None:
        return pattern_text[1] if language.startswith("en") else pattern_text[0]
    if kind == "string_pattern_mismatch":
        return "is not in the form expected" if language.startswith("en") else "格式不符"
    if kind in _BOTH:
        return _BOTH[kind][1 if language.startswith("en") else 0].format_map(context)
    if language.startswith("en"):
        return _EN[kind].format_map(_Lenient(context)) if kind in _EN else str(error["msg"])
    if (choices := context.get(_CHOICES.get(kind, ""))) is not None:
        context = {**context, _CHOICES[kind]: _choice(str(choices))}
    template = _ZH.get(kind)
    if template is None:
        return GENERAL_FAULT
    return template.format_map(_Lenient(context))


def _choice(expected: str) -> str:
    """Return the choices in Chinese; pydantic gives them as `'receive', 'dispatch' or 'closed'`.

    People type the codes, so the codes are kept; their labels are added where one table names all of them.
    """
    codes = re.findall(r"'([^']*)'|([^\s',]+)", expected.replace(" or ", ", "))
    choices = [quoted or bare for quoted, bare in codes]
    labels = next((labels for labels in _LABELS if len(choices) > 1 and set(choices) <= set(labels)), None)
    if labels is not None:
        choices = [f"{labels[code][0].split()[0]}({code})" for code in choices]
    return " 或 ".join(part for part in ("、".join(choices[:-1]), choices[-1] if choices else "") if part)


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"
