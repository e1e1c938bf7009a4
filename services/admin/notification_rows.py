"""What a policy says of messages outside the pages as rows of texts, for a form to change."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from models.base import STORED
from models.errors import InputError
from models.policy.notifications import DEFAULT_NOTIFICATIONS, ChannelName, Ground, NotificationPolicy

#: The one group of these rows, and its parts.
GROUP, PARTS = "notifications", ("told", "storm", "caps")
CHANNELS: tuple[str, ...] = get_args(ChannelName)
#: What a channel without caps of its own has.
OTHER = "other"
NUMBERS = ("digest_minutes", "longest_digest_minutes", "gather_seconds", "second_minutes")
STORM = tuple(type(DEFAULT_NOTIFICATIONS.storm).model_fields)
_CAP = re.compile(r"(\d{1,4})\s*/\s*(\d{1,4})")


def notification_texts(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the parts with their texts; what the policy does not say stands there as what then holds."""
    rules = NotificationPolicy.model_validate(data.get(GROUP) or {}, context=STORED).model_dump(mode="json")
    quiet = rules["quiet"] or {"since": "", "until": ""}
    yield "told", {
        **{ground.value: "1" if ground.value in rules["minimum"] else "" for ground in Ground},
        **{name: str(rules[name]) for name in NUMBERS},
        "quiet_since": quiet["since"][:5], "quiet_until": quiet["until"][:5],
    }  # fmt: skip
    yield "storm", {name: str(rules["storm"][name]) for name in STORM}
    caps = {OTHER: rules["other_caps"], **rules["caps"]}
    yield "caps", {name: _caps_text(caps.get(name, ())) for name in (OTHER, *CHANNELS)}


def write_notifications(data: dict[str, Any], part: str, values: Mapping[str, str]) -> None:
    """Write the texts of a part into the policy. Raises KeyError for no such part, ValueError for what is no number,
    InputError for what is no cap."""
    rules = dict(data.get(GROUP) or {})
    if part == "told":
        rules["minimum"] = [ground.value for ground in Ground if values[ground.value]]
        rules.update({name: int(values[name].strip()) for name in NUMBERS})
        since, until = values["quiet_since"].strip(), values["quiet_until"].strip()
        rules["quiet"] = {"since": since, "until": until} if since or until else None
    elif part == "storm":
        rules["storm"] = {name: int(values[name].strip()) for name in STORM}
    elif part == "caps":
        rules["other_caps"] = _caps(values[OTHER], OTHER)
        rules["caps"] = {name: _caps(values[name], name) for name in CHANNELS if values[name].strip()}
    else:
        raise KeyError(part)
    data[GROUP] = rules


def _caps_text(caps: Any) -> str:
    return " ".join(f"{cap['most']}/{cap['minutes']}" for cap in caps)


def _caps(text: str, name: str) -> list[dict[str, int]]:
    """Read "1/1 5/15": at most so many messages in so many minutes."""
    pieces = re.sub(r"\s*/\s*", "/", text).replace(",", " ").replace(",", " ").split()
    found = [_CAP.fullmatch(piece) for piece in pieces]
    wrong = next((piece for piece, match in zip(pieces, found, strict=True) if match is None), None)
    if wrong is not None:
        raise InputError(
            why_zh=f"上限“{wrong[:40]}”应写作 条数/分钟,如 1/1 5/15", pointer=f"/{name}",
            why_en=f"the cap “{wrong[:40]}” is written as messages/minutes, for example 1/1 5/15",
        )  # fmt: skip
    return [{"most": int(match[1]), "minutes": int(match[2])} for match in found if match is not None]
