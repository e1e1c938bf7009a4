"""What is wrong with settings, one sentence each: no traceback, and never the value of a secret."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

#: The two languages of a fault.
ZH, EN = "zh", "en"


def setting_fault(zh: str, en: str) -> PydanticCustomError:
    """Return the error of a validator, in both languages. The texts must not hold a secret."""
    return PydanticCustomError("setting", "{en}", {ZH: zh, EN: en})


def setting_faults(error: ValidationError, language: str) -> tuple[str, ...]:
    """Return one sentence for each variable that is missing or wrong; `language`: `zh` or `en`."""
    return tuple(_sentence(one, language) for one in error.errors(include_url=False, include_input=False))


def is_missing(error: ValidationError, field: str) -> bool:
    """Return whether a setting is not given at all."""
    return any(one["type"] == "missing" and one["loc"] == (field,) for one in error.errors(include_input=False))


def _sentence(one: ErrorDetails, language: str) -> str:
    variable = f"GRIDLOOP_{'_'.join(map(str, one['loc'])).upper()}" if one["loc"] else ""
    if one["type"] == "missing":
        return f"未设置 {variable}" if language == ZH else f"{variable} is not set"
    told = one.get("ctx", {}).get(language) or one["msg"].removeprefix("Value error, ")
    return f"{variable}: {told}" if variable else str(told)
