"""The words of every kind of matter, and the sentences made of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from models.matters.base import MatterKind
from services.wording.field_names import FIELDS
from services.wording.matters import (
    claim,
    common,
    emergency,
    enterprise,
    meeting,
    plan,
    referral_desk,
    station,
    topic,
    undertaking,
)
from services.wording.matters.words import Labels, MatterWords

WORDS: Mapping[MatterKind, MatterWords] = {
    MatterKind.EMERGENCY: emergency.WORDS,
    MatterKind.PLAN: plan.WORDS,
    MatterKind.REFERRAL_DESK: referral_desk.WORDS,
    MatterKind.STATION: station.WORDS,
    MatterKind.ENTERPRISE: enterprise.WORDS,
    MatterKind.TOPIC: topic.WORDS,
    MatterKind.CLAIM: claim.WORDS,
    MatterKind.MEETING: meeting.WORDS,
    MatterKind.UNDERTAKING: undertaking.WORDS,
}

#: Commands of all kinds, for refusals that name one.
ALL_COMMANDS: Labels = {
    **common.COMMANDS,
    **{name: label for words in WORDS.values() for name, label in words.commands.items()},
}


KINDS: Mapping[MatterKind, tuple[str, str]] = {
    MatterKind.ENTERPRISE: ("企业", "enterprise"),
    MatterKind.PLAN: ("工作计划", "plan"),
    MatterKind.STATION: ("监测站", "station"),
    MatterKind.TOPIC: ("议题", "topic"),
    MatterKind.CLAIM: ("揭榜事项", "claim board"),
    MatterKind.MEETING: ("会议", "meeting"),
    MatterKind.UNDERTAKING: ("承诺事项", "undertaking"),
    MatterKind.EMERGENCY: ("应急处置", "emergency"),
    MatterKind.REFERRAL_DESK: ("坐诊台", "referral desk"),
}


def _pick(label: tuple[str, str], language: str) -> str:
    return label[1] if language.startswith("en") else label[0]


def command_label(kind: MatterKind, command: str, language: str) -> str:
    """What a command of that kind is called; its code when it has no name."""
    found = {**common.COMMANDS, **WORDS[kind].commands}.get(command)
    return command if found is None else _pick(found, language)


def status_label(kind: MatterKind, status: str, language: str) -> str:
    """What a status of that kind is called; its code when it has no name."""
    found = WORDS[kind].statuses.get(status)
    return status if found is None else _pick(found, language)


#: What a matter keeps in its state as parts with codes and names.
PART_FIELDS = ("steps", "milestones")


def part_names(state: Mapping[str, Any], language: str) -> dict[str, str]:
    """What the steps and milestones of a matter are called, by their codes. `state`: its content as JSON."""
    parts = [part for field in PART_FIELDS for part in state.get(field) or ()]
    name = "name_en" if language.startswith("en") else "name_zh"
    return {str(part.get("code") or part.get("key")): str(part.get(name) or part.get("name")) for part in parts}


def fact_sentence(
    kind: MatterKind, body: Mapping[str, Any], language: str, parts: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The sentence that tells a fact; its kind when there is none. `parts`: see `part_names`."""
    fact = str(body.get("kind"))
    if fact == "opening_settled":
        opened = body.get("case_no") or body.get("matter_code")
        fact, body = (fact, {**body, "opened": opened}) if opened else ("opening_refused", body)
    found = {**common.FACTS, **WORDS[kind].facts}.get(fact)
    if found is None:
        return fact
    values = {name: _word(kind, name, value, language) for name, value in body.items()}
    if "milestone" in values:
        values["milestone"] = parts.get(values["milestone"], values["milestone"])
    if fact == "climbed":
        values["about"] = overdue_label(kind, str(body.get("about")), language, parts)
        values["step"] = int(body.get("step", 0)) + 1
    return _pick(found, language).format_map(_Values(values))


def _word(kind: MatterKind, field: str, value: Any, language: str) -> Any:
    """The value of a field in words, where it has a label."""
    return option_label(kind, field, value, language) if isinstance(value, str) else value


def overdue_label(kind: MatterKind, about: str, language: str, parts: Mapping[str, str] = MappingProxyType({})) -> str:
    """What is overdue, in words: the label of its beginning up to a colon, then the rest, by its name in `parts`."""
    head, _, rest = about.partition(":")
    found = WORDS[kind].overdue.get(head)
    words = head if found is None else _pick(found, language)
    return f"{words} {parts.get(rest, rest)}".strip()


def kind_label(kind: MatterKind, language: str) -> str:
    """What a kind of matter is called."""
    return _pick(KINDS[kind], language)


def field_label(kind: MatterKind, name: str, language: str) -> str:
    """What a field of a command or a state is called; its name when it has no label."""
    found = {**FIELDS, **common.FIELDS, **WORDS[kind].fields}.get(name)
    return name if found is None else _pick(found, language)


def option_label(kind: MatterKind, field: str, value: str, language: str) -> str:
    """What a value of a field is called; the value itself when it has no label."""
    found = {**common.OPTIONS, **WORDS[kind].options}.get(field, {}).get(value)
    return value if found is None else _pick(found, language)


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""
