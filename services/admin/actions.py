"""What administrators and operators changed, for administrators and auditors: read, filtered, as a sheet."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.context import Person
from models.enums import Role
from models.errors import NotYours
from rules.scope import in_force
from services.criteria.cursors import cursor_after, read_cursor
from services.directory.people import local_today
from services.files.workbook import Sheets
from services.wording.actions import action_name, changed_field, changed_value
from services.wording.vocabulary import ACTION_KINDS, label_of

#: The newest rows that an export has at most.
MOST_EXPORTED = 5_000
_LIST = "admin_actions"
_READ = text("""
SELECT a.id, a.at, a.action, a.kind, a.object, a.before, a.after, p.username AS actor, p.name AS actor_name,
    s.username AS person
FROM admin_actions a LEFT JOIN people p ON p.id = a.actor
LEFT JOIN people s ON s.id = CAST(coalesce(a.after, a.before) ->> 'person' AS uuid)
WHERE (CAST(:before AS bigint) IS NULL OR a.id < :before)
  AND (CAST(:kind AS text) IS NULL OR a.kind = :kind)
  AND (CAST(:actor AS text) IS NULL OR p.username = :actor)
  AND (CAST(:about AS text) IS NULL OR a.object = :about OR s.username = :about)
  AND (CAST(:since AS timestamptz) IS NULL OR a.at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR a.at < :until)
ORDER BY a.id DESC LIMIT :most
""")


_NAMES = text("SELECT id, username FROM people WHERE id = ANY (CAST(:ids AS uuid[]))")


class ActionFilter(Frozen):
    """Which actions: by whom (user name), of which kind, about what or whom, from a moment on, before a moment."""

    actor: str | None = None
    kind: str | None = None
    about: str | None = None
    since: Instant | None = None
    until: Instant | None = None


class ActionView(Frozen):
    """An action. `actor` None: an operator's command, which `action` names. `person`: whom a role or an absence is of.

    `before` None: it was made; `after` None: it was removed. Neither holds a secret; of long texts there is a digest,
    and a deputy stands there by user name.
    """

    id: int
    at: Instant
    actor: str | None
    actor_name: str | None
    action: str
    kind: str
    object: str
    person: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def changed(self) -> tuple[tuple[str, Any, Any], ...]:
        """The fields that differ, with the value before and after."""
        old, new = self.before or {}, self.after or {}
        names = dict.fromkeys((*old, *new))
        return tuple((name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))


class ActionPage(Frozen):
    """A page of actions, the newest first."""

    items: tuple[ActionView, ...]
    next_cursor: str | None = None


async def list_actions(
    connection: AsyncConnection, person: Person, wanted: ActionFilter, now: datetime,
    *, cursor: str | None = None, limit: int = 50,
) -> ActionPage:  # fmt: skip
    """Return the actions of a filter. Raises NotYours for everybody but administrators and auditors; BadFilter."""
    await require_action_reader(connection, person, now)
    last = None if cursor is None else int(read_cursor(_LIST, cursor, 1)[0])
    found = await _read(connection, wanted, last, limit + 1)
    more = cursor_after(_LIST, str(found[limit - 1].id)) if len(found) > limit else None
    return ActionPage(items=found[:limit], next_cursor=more)


async def export_actions(
    connection: AsyncConnection, person: Person, wanted: ActionFilter, now: datetime
) -> tuple[ActionView, ...]:
    """Return the newest actions of a filter for a file. Raises NotYours."""
    await require_action_reader(connection, person, now)
    return await _read(connection, wanted, None, MOST_EXPORTED)


async def _read(
    connection: AsyncConnection, wanted: ActionFilter, last: int | None, most: int
) -> tuple[ActionView, ...]:
    values = {**wanted.model_dump(), "before": last, "most": most}
    found = [ActionView.model_validate(dict(row._mapping)) for row in await connection.execute(_READ, values)]
    kept = [one for action in found for one in (action.before, action.after) if one and one.get("deputy")]
    if kept:
        rows = await connection.execute(_NAMES, {"ids": [one["deputy"] for one in kept]})
        names = {str(row.id): row.username for row in rows}
        for one in kept:
            one["deputy"] = names.get(one["deputy"], one["deputy"])
    return tuple(found)


async def require_action_reader(connection: AsyncConnection, person: Person, now: datetime) -> None:
    """Raise NotYours for everybody who is neither an administrator without a grid limit nor an auditor."""
    day = await local_today(connection, now)
    if not any(
        grant.role is Role.AUDITOR or (grant.role is Role.ADMIN and grant.grid is None)
        for grant in in_force(person, day)
    ):
        raise NotYours(command="actions", who=f"{Role.ADMIN} / {Role.AUDITOR}")


def add_actions(sheets: Sheets, actions: tuple[ActionView, ...], language: str, zone: ZoneInfo) -> None:
    """Add a sheet with the actions in words, each with its changed fields as text, moments in `zone`."""
    english = language == "en"
    header = (
        ("Number", "When", "User name", "Name", "Action", "Kind", "Object", "Person", "Before", "After")
        if english
        else ("编号", "时间", "用户名", "姓名", "操作", "对象类型", "对象", "人员", "改前", "改后")
    )
    rows = (
        (
            one.id, one.at, one.actor or "", one.actor_name or "", action_name(one.action, language),
            label_of(ACTION_KINDS, one.kind, language), one.object, one.person or "",
            *_texts(changed_lines(one, language, zone)),
        )
        for one in actions
    )  # fmt: skip
    sheets.add("Actions" if english else "管理操作", header, rows)


def changed_lines(action: ActionView, language: str, zone: ZoneInfo) -> tuple[tuple[str, str | None, str | None], ...]:
    """What an action changed, in words: the field, its value before and after; None where it had none. Ids that mean
    nothing to people are left out.
    """
    return tuple(
        (
            changed_field(name, language),
            None if old is None else changed_value(name, old, language, zone),
            None if new is None else changed_value(name, new, language, zone),
        )
        for name, old, new in action.changed
        if name not in ("id", "person", "author")
    )


def _texts(lines: tuple[tuple[str, str | None, str | None], ...]) -> tuple[str, str]:
    before = "; ".join(f"{name}: {old}" for name, old, _ in lines if old is not None)
    return before, "; ".join(f"{name}: {new}" for name, _, new in lines if new is not None)
