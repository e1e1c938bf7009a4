"""Change a draft of the policy row by row, beside what is published, and tell what differs.

Two administrators may work on one draft: a change is made to the row as it stands now. If somebody else has changed the
same row since it was shown, the change is refused (DraftChanged).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from models.errors import DraftChanged, InputError, NoSuchPage
from models.policy.document import Policy
from services.admin.policies import DraftView, draft_file, lock_draft, read_policy_version, store_draft, to_yaml
from services.admin.policy_rows import SECTIONS, Data, Row, Section, Values, rows, write_row
from services.policies.files import read_policy
from services.wording.input_faults import fault_text
from services.wording.policy_notifications import place_of_fault

#: How many differences outside the rows are listed; the rest are counted.
MAX_OTHER = 60
_COVERED = frozenset({"standards", "ladders", "routes", "categories", "calendars", "handovers", "notifications"})


@dataclass(frozen=True)
class RowPair:
    """A row as published and as drafted; None where one of them doesn't have it."""

    was: Row | None
    now: Row | None

    @property
    def row(self) -> Row:
        """The drafted row, or the published one that the draft has dropped."""
        row = self.now or self.was
        assert row is not None
        return row

    @property
    def differs(self) -> bool:
        """Whether the draft changes the row."""
        return self.was is None or self.now is None or dict(self.was.values) != dict(self.now.values)


@dataclass(frozen=True)
class OtherChange:
    """A difference outside the rows: where, what it was and what it becomes; empty for nothing."""

    where: str
    was: str
    becomes: str


@dataclass(frozen=True)
class Compared:
    """A draft beside the version in force: its rows by section, and the differences that no row shows."""

    version: int
    published: Policy
    policy: Policy
    pairs: Mapping[Section, tuple[RowPair, ...]]
    others: tuple[OtherChange, ...]
    more_others: int

    @property
    def changed(self) -> int:
        """How many rows differ."""
        return sum(pair.differs for pairs in self.pairs.values() for pair in pairs)


def parse_draft(content: str) -> Policy:
    """Return the policy of a draft, checked by its schema only. Raises BadFile."""
    with draft_file(content) as path:
        return read_policy(path)


async def compare_draft(connection: AsyncConnection, draft: DraftView) -> Compared:
    """Return the draft beside the version in force. Raises BadFile for a draft whose YAML is no policy."""
    version, published = await read_policy_version(connection, None)
    policy = parse_draft(draft.content)
    was, now = _data(published), _data(policy)
    pairs = {section: tuple(_pairs(rows(was, section), rows(now, section))) for section in SECTIONS}
    others = [*_other_changes(_rest(was), _rest(now), "")]
    return Compared(version, published, policy, pairs, tuple(others[:MAX_OTHER]), max(0, len(others) - MAX_OTHER))


async def change_row(
    connection: AsyncConnection,
    person: Person,
    id_: UUID,
    section: Section,
    key: str,
    *,
    shown: Values,
    values: Values,
    now: datetime,
) -> None:
    """Change one row of a draft, in the caller's transaction. `shown` is the row as the form showed it.

    Raises NotYours, NoSuchPage, DraftChanged, BadFile for a draft that is no policy, and InputError for values that
    make none.
    """
    draft = await lock_draft(connection, person, id_, now)
    data = _data(parse_draft(draft.content))
    row = rows(data, section).get(key)
    if row is None:
        raise NoSuchPage(what=f"{section} {key}")
    complete = {**row.values, **{name: text for name, text in values.items() if name in row.values}}
    if dict(row.values) not in (dict(shown), complete):
        raise DraftChanged(pointer=f"/{key}")
    try:
        write_row(data, section, key, complete)
        policy = Policy.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = _place_in_questions(first["loc"])
        zh, en = (
            at + place_of_fault(first["loc"], language) + fault_text(first, language) for language in ("zh", "en")
        )
        raise InputError(why_zh=zh, why_en=en) from error
    except ValueError as error:
        raise InputError(why_zh=f"须为数字:{error}", why_en=f"must be a number: {error}") from error
    await store_draft(connection, id_, to_yaml(policy), now)


def _place_in_questions(location: tuple[int | str, ...]) -> str:
    """Return where in the YAML of a category's questions a fault is; empty for other rows, which are short."""
    if "questions" not in location:
        return ""
    number, *parts = location[location.index("questions") + 1 :] or (0,)
    return " ".join(filter(None, (f"#{int(number) + 1}", ".".join(map(str, parts))))) + ": "


def _data(policy: Policy) -> Data:
    return policy.model_dump(mode="json")


def _pairs(was: Mapping[str, Row], now: Mapping[str, Row]) -> Iterator[RowPair]:
    for key, row in now.items():
        yield RowPair(was.get(key), row)
    yield from (RowPair(row, None) for key, row in was.items() if key not in now)


def _rest(data: Data) -> Data:
    """Return what no row shows: everything else, and of the calendars and standards what is not in their rows."""
    rest: Data = {name: value for name, value in data.items() if name not in _COVERED}
    hidden = {"name_zh", "name_en"}
    for calendar in data["calendars"]:
        rest[f"calendars.{calendar['name']}"] = {k: v for k, v in calendar.items() if k not in hidden}
    for standard in data.get("standards", ()):
        shown = {"code", "accept", "dispatch", "handle", "review", "whole", "ladder"}
        rest[f"standards.{standard['code']}"] = {k: v for k, v in standard.items() if k not in shown} | {
            f"{stage}.{part}": limit.get(part)
            for stage in ("accept", "dispatch", "handle", "review", "whole")
            if (limit := standard.get(stage))
            for part in ("calendar", "moves_on")
        }
    for category in data["categories"]:
        rest[f"categories.{category['code']}"] = {"withdrawable": category.get("withdrawable", True)} | {
            f"{condition['code']}.severities": condition["severities"] for condition in category.get("conditions", ())
        }
    rest["routes"] = [rule["id"] for rule in data["routes"]]
    return rest


def _other_changes(was: Any, now: Any, where: str) -> Iterator[OtherChange]:
    if was == now:
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*was, *now)):
            yield from _other_changes(was.get(name), now.get(name), f"{where}.{name}" if where else name)
        return
    yield OtherChange(where, _short(was), _short(now))


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 200 else text[:199] + "…"
