"""The sample file of settings, made from the class that reads them."""

import json
import re
from datetime import timedelta
from enum import Enum
from inspect import getsource

from pydantic import TypeAdapter

from cli.settings.notes import EXAMPLES, OTHERS, REQUIRED, SECTIONS
from infra.settings import Settings

HEAD = """\
# Gridloop 全部设置 · all settings. 由 `gridloop settings --env-example` 生成 · made by that command.
# 以 # 开头的行为默认值或示例 · a line behind # shows the default or a sample. 密钥文件 0600 · keep it at mode 0600.
"""
_FIELD = re.compile(r"    (\w+): ")
_PLAIN = re.compile(r"[\w./:@,{}%+-]*")
_COMMENT = re.compile(r"    #: ?(.*)")


def english_notes() -> dict[str, str]:
    """Return what the comments in the settings class say of each field.

    A comment holds for all fields that directly follow it; those after the first map to "".
    """
    notes: dict[str, str] = {}
    said: list[str] = []
    for line in getsource(Settings).splitlines():
        if (comment := _COMMENT.fullmatch(line)) is not None:
            said.append(comment[1])
        elif (field := _FIELD.match(line)) is not None and field[1] in Settings.model_fields:
            notes[field[1]] = "\n".join(said)
            said = []
    return notes


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return f"GRIDLOOP_{field.upper()}"


def written(value: object) -> str:
    """Return a value as it is written in a variable; "" for none."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(written(one) for one in value)
    if isinstance(value, frozenset):
        return json.dumps(sorted(written(one) for one in value))
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return str(TypeAdapter(timedelta).dump_python(value, mode="json"))
    return str(value)


def default(field: str) -> str:
    """Return what holds where a variable is not set; "" for nothing."""
    known = Settings.model_fields[field]
    return "" if known.is_required() else written(known.default)


def quoted(value: str) -> str:
    """Return a value as a shell, systemd and Compose read it alike."""
    if "'" in value:
        return f'"{value}"'
    return value if _PLAIN.fullmatch(value) else f"'{value}'"


def render_example() -> str:
    """Return the text of `deploy/env.example`. Raises KeyError for a setting that no section has."""
    english = english_notes()
    lines = [HEAD]
    for section in SECTIONS:
        lines.append(f"\n# ===== {section.zh} · {section.en} =====\n")
        for field, zh in section.notes.items():
            shown = EXAMPLES.get(field, default(field))
            mark = "" if field in REQUIRED else "#"
            lines.append(_entry(zh, english[field], f"{mark}{variable(field)}={quoted(shown)}"))
    for zh_title, en_title, variables in OTHERS:
        lines.append(f"\n# ===== {zh_title} · {en_title} =====\n")
        lines.extend(_entry(one.zh, one.en, f"#{one.name}={one.example}") for one in variables)
    return "".join(lines)


def _entry(zh: str, en: str, line: str) -> str:
    said = "".join(f"# {part}\n" for part in (f"{zh}。", *en.splitlines()))
    return f"\n{said}{line}\n"
