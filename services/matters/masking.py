"""What of a matter is hidden from those who need not see it."""

from collections.abc import Mapping
from typing import Any

from models.matters.base import Matter
from models.matters.enterprise import Enterprise
from models.personal_numbers import mask_numbers
from rules.matters.kind import Part
from services.runtime.shown_numbers import show

#: Fields that nobody needs to see: the digest of a station's key, and its own record of when it was heard, which is
#: less exact than that of `services.stations`.
_HIDDEN = frozenset({"key_digest", "watch_at"})
#: Who speaks with the people of an enterprise, and works on the cases about it. Everybody else who works in the park
#: may look it up, without phone numbers and without the numbers of cases (`services.enterprises.colour` shows those
#: that the reader may see).
NEAR = frozenset(Part) - {Part.READER, Part.STAFF, Part.PARTICIPANT, Part.REVIEWER, Part.AUTHOR}


#: Fields that hold codes, which nobody writes as prose: one of 18 digits may look like the number of an identity card.
_CODES = frozenset(
    {"code", "grid", "grid_path", "unit", "enterprise", "case_no", "matter_code", "about", "fingerprint"}
)


def mask_everywhere(value: Any) -> Any:
    """Return the value with the numbers of people masked in every text, at any depth."""
    if isinstance(value, Mapping):
        return {
            name: part if name in _CODES else mask_everywhere(part)
            for name, part in value.items()
            if name not in _HIDDEN
        }
    if isinstance(value, list | tuple):
        return [mask_everywhere(part) for part in value]
    return mask_numbers(value) if isinstance(value, str) else value


def enterprise_details(enterprise: Enterprise, found: frozenset[Part]) -> dict[str, Any]:
    """Return what is kept of an enterprise, for somebody who plays these parts."""
    own = enterprise.model_dump(mode="json", exclude=set(Matter.model_fields))
    shown: dict[str, Any] = {"shown_colour": enterprise.shown_colour.value, **mask_everywhere(own)}
    if found & NEAR:
        officer = own["safety_officer"]
        if officer is not None and officer.get("phone"):
            show(officer["phone"])
            shown["safety_officer"] = {**shown["safety_officer"], "phone": officer["phone"]}
        return shown
    return without_private(shown)


def without_private(content: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of an enterprise without telephone numbers and without the numbers of cases."""
    found: dict[str, Any] = _without_private(content)
    return found


def _without_private(value: Any) -> Any:
    if isinstance(value, Mapping):
        hidden = {"phone"} | ({"code"} if value.get("of") == "case" else set())
        return {name: _without_private(part) for name, part in value.items() if name not in hidden}
    return [_without_private(part) for part in value] if isinstance(value, list) else value
