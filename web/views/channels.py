"""The form of a channel: fields from its model, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from models.channels import (
    SECRETS,
    DingtalkConfig,
    FeishuConfig,
    MailConfig,
    PushConfig,
    SmsConfig,
    WebhookConfig,
    WecomConfig,
)
from models.sends import ChannelKind
from services.wording.channels import CHANNEL_FIELDS, answer_text, code_text
from services.wording.vocabulary import label_of
from web.reader import Reader

CONFIGS: Mapping[ChannelKind, type[BaseModel]] = {
    ChannelKind.MAIL: MailConfig,
    ChannelKind.SMS: SmsConfig,
    ChannelKind.WECOM: WecomConfig,
    ChannelKind.DINGTALK: DingtalkConfig,
    ChannelKind.FEISHU: FeishuConfig,
    ChannelKind.PUSH: PushConfig,
    ChannelKind.WEBHOOK: WebhookConfig,
}
#: Fields that stand apart in the form, because they are seldom changed.
PATIENCE = ("attempts", "first_wait", "longest_wait", "longest_limit", "on_lost")
#: What is made by itself.
_SHOWN_ONLY = frozenset({"public_key"})
_LONG = frozenset({"headers", "body"})


@dataclass(frozen=True)
class Field:
    """A field of the form: its name, its text, and the choices where there are some."""

    name: str
    text: str
    choices: tuple[str, ...] = ()
    number: bool = False
    long: bool = False
    needed: bool = False


def fields_of(kind: ChannelKind, config: Mapping[str, Any]) -> tuple[list[Field], list[Field]]:
    """Return the fields of a kind with what is set, and those of its patience."""
    found = []
    for name, field in CONFIGS[kind].model_fields.items():
        if name == "kind" or name in _SHOWN_ONLY:
            continue
        value = config.get(name, None if field.is_required() else field.get_default(call_default_factory=True))
        found.append(
            Field(
                name, as_text(value), _choices(field.annotation), number=field.annotation in (int, float),
                long=name in _LONG, needed=field.is_required(),
            )
        )  # fmt: skip
    return [one for one in found if one.name not in PATIENCE], [one for one in found if one.name in PATIENCE]


def secrets_of(kind: ChannelKind) -> tuple[tuple[str, bool], ...]:
    """Return the secrets of a kind, and whether each must be given."""
    needed, others = SECRETS[kind]
    return (*((name, True) for name in needed), *((name, False) for name in others))


def as_text(value: Any) -> str:
    """Return a value as it stands in its field."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {text}" for name, text in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_config(kind: ChannelKind, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings as they were typed; what is wrong with them the model says."""
    config: dict[str, Any] = {"kind": kind.value}
    for name, field in CONFIGS[kind].model_fields.items():
        if name not in typed or name == "kind" or name in _SHOWN_ONLY:
            continue
        text = typed[name].strip()
        if get_origin(field.annotation) is dict:
            lines = (line.partition(":") for line in text.splitlines() if line.strip())
            config[name] = {head.strip(): value.strip() for head, _, value in lines}
        elif get_origin(field.annotation) is tuple:
            config[name] = [one.strip() for one in text.replace(",", ",").split(",") if one.strip()]
        elif text or not (field.is_required() or field.annotation in (int, float)):
            config[name] = text
    return config


def words_for(reader: Reader) -> dict[str, Any]:
    """Return what says in the reader's language why an attempt failed (`why`) and what came of it (`said`)."""
    return {
        "why": lambda code: code_text(code, reader.language),
        "said": lambda attempt: answer_text(attempt.code, attempt.answer, reader.language),
    }


def labels_of(reader: Reader) -> dict[str, str]:
    """Return what the form calls its fields, in the reader's language."""
    own = {"id": reader.text("渠道编号"), "name": reader.text("名称")}
    return {**{name: label_of(CHANNEL_FIELDS, name, reader.language) for name in CHANNEL_FIELDS}, **own}


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(one) for one in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return tuple(one for part in get_args(annotation) for one in _choices(part))
    return ()
