"""Policies for administrators: the published versions, and drafts from the first text to publication."""

import hashlib
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from uuid import UUID

import yaml
from pydantic import Field, StringConstraints
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import Acting, transaction
from models.base import FileText, Frozen, Instant, Title
from models.context import Person
from models.errors import DraftChanged, NoSuchPage
from models.ids import new_id
from models.policy.document import Policy
from models.tables import metadata
from services.admin.rights import begin_change, check_admin
from services.files.reference_files import BadFile, FileProblem, read_yaml
from services.organisation.people_store import held_posts, known_departments, known_usernames
from services.policies.files import read_and_check
from services.policies.preview import PreviewCounts, preview_all
from services.policies.publish import Published, check_rehearsal, publish_file
from services.policies.versions import read_current, read_version as published_version

_DRAFTS = metadata.tables["policy_drafts"]
_PEOPLE = metadata.tables["people"]
FILE = "draft.yaml"
Content = Annotated[FileText, StringConstraints(max_length=2_000_000)]


class VersionView(Frozen):
    """A published version. `in_force`: it applies today."""

    version: int
    name: str
    published_at: Instant
    effective_from: Instant
    in_force: bool


class DraftText(Frozen):
    """The text of a draft."""

    title: Title
    content: Annotated[Content, Field(min_length=1)]


class DraftView(Frozen):
    """A draft in the list."""

    id: UUID
    title: str
    author: str
    updated_at: Instant
    content: str

    @property
    def mark(self) -> str:
        """What tells its content apart from what it was, or becomes."""
        return mark_of(self.content)


def mark_of(content: str) -> str:
    """Return what tells a text of a draft apart from any other."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]


async def list_versions(connection: AsyncConnection) -> tuple[VersionView, ...]:
    """Return every published version, the newest first."""
    rows = (
        await connection.execute(
            text(
                "SELECT version, content ->> 'name' AS name, published_at, effective_from,"
                " version = (SELECT version FROM policies WHERE effective_from <= clock_timestamp()"
                "  ORDER BY effective_from DESC, version DESC LIMIT 1) AS in_force"
                " FROM policies ORDER BY version DESC"
            )
        )
    ).mappings()
    return tuple(VersionView.model_validate({**row, "in_force": bool(row["in_force"])}) for row in rows)


async def read_policy_version(connection: AsyncConnection, number: int | None) -> tuple[int, Policy]:
    """Return that version, or without a number the one in force. Raises NoSuchPage."""
    return await read_current(connection) if number is None else (number, await published_version(connection, number))


def to_yaml(policy: Policy) -> str:
    """Return the policy as YAML: the published content, with every year of its calendars written out."""
    content = policy.model_dump(mode="json", exclude_none=True)
    # The dumper in C: the one in Python takes seconds for a city's policy.
    return str(yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False))


async def list_drafts(connection: AsyncConnection) -> tuple[DraftView, ...]:
    """Return every draft, the last changed first."""
    rows = await connection.execute(_statement().order_by(_DRAFTS.c.updated_at.desc()))
    return tuple(DraftView.model_validate(dict(row._mapping)) for row in rows)


async def get_draft(connection: AsyncConnection, id_: UUID) -> DraftView:
    """Return one draft. Raises NoSuchPage."""
    row = (await connection.execute(_statement().where(_DRAFTS.c.id == id_))).one_or_none()
    if row is None:
        raise NoSuchPage(what=f"draft {id_}")
    return DraftView.model_validate(dict(row._mapping))


def _statement() -> Any:
    d = _DRAFTS.c
    return select(d.id, d.title, d.content, d.updated_at, _PEOPLE.c.name.label("author")).join(
        _PEOPLE, _PEOPLE.c.id == d.author
    )


async def new_draft(connection: AsyncConnection, person: Person, text: DraftText, now: datetime) -> UUID:
    """Store a new draft and return its id. Raises NotYours."""
    await begin_change(connection, person, now, "policy draft")
    id_ = new_id()
    values = {"id": id_, "author": person.id, "created_at": now, "updated_at": now, **text.model_dump()}
    await connection.execute(insert(_DRAFTS).values(values))
    return id_


async def save_draft(
    connection: AsyncConnection, person: Person, id_: UUID, text: DraftText, now: datetime, *, seen: str | None = None
) -> None:
    """Store the whole text of a draft. `seen`: its `DraftView.mark` when it was opened; None overwrites anything.

    Raises NotYours, NoSuchPage, and DraftChanged if somebody else has changed it since.
    """
    draft = await lock_draft(connection, person, id_, now)
    if seen is not None and seen != draft.mark and text.content != draft.content:
        raise DraftChanged(pointer="/content")
    await connection.execute(update(_DRAFTS).where(_DRAFTS.c.id == id_).values(updated_at=now, **text.model_dump()))


async def lock_draft(connection: AsyncConnection, person: Person, id_: UUID, now: datetime) -> DraftView:
    """Return a draft that nobody else changes until the caller's transaction ends. Raises NotYours, NoSuchPage."""
    await begin_change(connection, person, now, "policy draft")
    await connection.execute(select(_DRAFTS.c.id).where(_DRAFTS.c.id == id_).with_for_update())
    return await get_draft(connection, id_)


async def store_draft(connection: AsyncConnection, id_: UUID, content: str, now: datetime) -> None:
    """Store the policy of a draft that the caller has locked."""
    await connection.execute(update(_DRAFTS).where(_DRAFTS.c.id == id_).values(updated_at=now, content=content))


async def delete_draft(connection: AsyncConnection, person: Person, id_: UUID, now: datetime) -> None:
    """Delete a draft. Raises NotYours."""
    await begin_change(connection, person, now, "policy draft")
    await connection.execute(delete(_DRAFTS).where(_DRAFTS.c.id == id_))


@contextmanager
def draft_file(content: str) -> Iterator[Path]:
    """A file with the text, for as long as the block runs.

    Raises BadFile for a draft that extends another file: files on the server's disk must not be readable this way.
    """
    with TemporaryDirectory() as directory:
        path = Path(directory) / FILE
        path.write_text(content, encoding="utf-8")
        document = read_yaml(path)
        if isinstance(document.data, dict) and "extends" in document.data:
            zh, en = "草稿不能引用其他文件", "a draft can't extend another file"
            raise BadFile([document.problem(("extends",), zh, en)])
        yield path


async def check_draft(engine: AsyncEngine, content: str) -> tuple[FileProblem, ...]:
    """Return everything wrong with a draft, at its line; a year under it is rehearsed as well."""
    try:
        await read_draft(engine, content)
    except BadFile as error:
        return error.problems
    return ()


async def read_draft(engine: AsyncEngine, content: str) -> Policy:
    """Return the policy of a draft. Raises BadFile with everything that is wrong with it."""
    async with engine.connect() as connection:
        departments = await known_departments(connection)
        people = await known_usernames(connection, active=True)
        posts = await held_posts(connection)

    def read() -> Policy:
        with draft_file(content) as path:
            policy = read_and_check(path, departments, people, posts)
            check_rehearsal(policy, str(path))
        return policy

    return await to_thread(read)


async def preview_draft(engine: AsyncEngine, content: str, now: datetime) -> PreviewCounts:
    """Return what the draft would change for the open cases. Raises BadFile."""
    policy = await read_draft(engine, content)
    async with engine.connect() as connection:
        return await preview_all(connection, policy, 0, now)


async def publish_draft(
    engine: AsyncEngine,
    person: Person,
    id_: UUID,
    effective_from: datetime | None,
    now: datetime,
    *,
    seen: str | None = None,
) -> Published:
    """Publish a draft as a version and delete the draft. `seen`: its `DraftView.mark` as it was looked at before.

    Raises DraftChanged, NotYours, NoSuchPage, BadFile, PublishedIntoThePast, CalendarsMissing; then nothing changes.
    """
    await check_admin(engine, person, now, "policy publish")
    async with engine.connect() as connection:
        draft = await get_draft(connection, id_)
    if seen is not None and seen != draft.mark:
        raise DraftChanged(pointer="/content")
    content, acting = draft.content, Acting("policy publish", person.id)
    with draft_file(content) as path:
        published = await publish_file(engine, path, effective_from=effective_from, acting=acting)
    async with transaction(engine, acting) as connection:
        await connection.execute(delete(_DRAFTS).where(_DRAFTS.c.id == id_))
    return published
