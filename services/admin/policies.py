"""Policies for administrators: the versions there are, and drafts from the first word to publication."""

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

from infra.database import transaction
from models.base import NO_NUL, Frozen, Instant, Title
from models.context import Person
from models.errors import NoSuchPage
from models.ids import new_id
from models.policy.document import Policy
from models.tables import metadata
from services.admin.rights import check_admin, require_admin
from services.files.reference_files import BadFile, FileProblem, read_yaml
from services.organisation.people_store import held_posts, known_departments, known_usernames
from services.policies.files import read_and_check
from services.policies.preview import PreviewCounts, preview_all
from services.policies.publish import Published, check_rehearsal, publish_file
from services.policies.versions import read_current
from services.policies.versions import read_version as published_version

_DRAFTS = metadata.tables["policy_drafts"]
_PEOPLE = metadata.tables["people"]
FILE = "draft.yaml"
Content = Annotated[str, StringConstraints(max_length=2_000_000, pattern=NO_NUL)]


class VersionView(Frozen):
    """A published version. `in_force`: it counts today."""

    version: int
    name: str
    published_at: Instant
    effective_from: Instant
    in_force: bool


class DraftText(Frozen):
    """A draft as it is typed."""

    title: Title
    content: Annotated[Content, Field(min_length=1)]


class DraftView(Frozen):
    """A draft in the list."""

    id: UUID
    title: str
    author: str
    updated_at: Instant
    content: str


async def versions(connection: AsyncConnection) -> tuple[VersionView, ...]:
    """Every version published, the newest first."""
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


async def policy_of(connection: AsyncConnection, number: int | None) -> tuple[int, Policy]:
    """That version, or without a number the one in force. Raises NoSuchPage."""
    return await read_current(connection) if number is None else (number, await published_version(connection, number))


def written(policy: Policy) -> str:
    """The policy as YAML: what was published, every year of its calendars written down."""
    return str(yaml.safe_dump(policy.model_dump(mode="json", exclude_none=True), allow_unicode=True, sort_keys=False))


async def drafts(connection: AsyncConnection) -> tuple[DraftView, ...]:
    """Every draft, the one last touched first."""
    rows = await connection.execute(_selected().order_by(_DRAFTS.c.updated_at.desc()))
    return tuple(DraftView.model_validate(dict(row._mapping)) for row in rows)


async def draft(connection: AsyncConnection, id_: UUID) -> DraftView:
    """One draft. Raises NoSuchPage."""
    row = (await connection.execute(_selected().where(_DRAFTS.c.id == id_))).one_or_none()
    if row is None:
        raise NoSuchPage(what=f"draft {id_}")
    return DraftView.model_validate(dict(row._mapping))


def _selected() -> Any:
    d = _DRAFTS.c
    return select(d.id, d.title, d.content, d.updated_at, _PEOPLE.c.name.label("author")).join(
        _PEOPLE, _PEOPLE.c.id == d.author
    )


async def new_draft(connection: AsyncConnection, person: Person, typed: DraftText, now: datetime) -> UUID:
    """Keeps a draft; its id. Raises NotYours."""
    await require_admin(connection, person, now, "policy draft")
    id_ = new_id()
    values = {"id": id_, "author": person.id, "created_at": now, "updated_at": now, **typed.model_dump()}
    await connection.execute(insert(_DRAFTS).values(values))
    return id_


async def save_draft(connection: AsyncConnection, person: Person, id_: UUID, typed: DraftText, now: datetime) -> None:
    """Keeps what was typed. Raises NotYours, NoSuchPage."""
    await require_admin(connection, person, now, "policy draft")
    await draft(connection, id_)
    await connection.execute(update(_DRAFTS).where(_DRAFTS.c.id == id_).values(updated_at=now, **typed.model_dump()))


async def drop_draft(connection: AsyncConnection, person: Person, id_: UUID, now: datetime) -> None:
    """Throws a draft away. Raises NotYours."""
    await require_admin(connection, person, now, "policy draft")
    await connection.execute(delete(_DRAFTS).where(_DRAFTS.c.id == id_))


@contextmanager
def as_file(content: str) -> Iterator[Path]:
    """The text as a file for as long as the block runs.

    Raises BadFile for a draft that extends another file: what lies on the server's disk is nobody's to read from here.
    """
    with TemporaryDirectory() as place:
        path = Path(place) / FILE
        path.write_text(content, encoding="utf-8")
        document = read_yaml(path)
        if isinstance(document.data, dict) and "extends" in document.data:
            zh, en = "草稿不能引用其他文件", "a draft can't extend another file"
            raise BadFile([document.problem(("extends",), zh, en)])
        yield path


async def check_draft(engine: AsyncEngine, content: str) -> tuple[FileProblem, ...]:
    """Everything wrong with a draft, at its line; a year under it is lived through as well."""
    try:
        await read_draft(engine, content)
    except BadFile as error:
        return error.problems
    return ()


async def read_draft(engine: AsyncEngine, content: str) -> Policy:
    """The policy that a draft says. Raises BadFile with everything that is wrong with it."""
    async with engine.connect() as connection:
        departments = await known_departments(connection)
        people = await known_usernames(connection, active=True)
        posts = await held_posts(connection)

    def read() -> Policy:
        with as_file(content) as path:
            policy = read_and_check(path, departments, people, posts)
            check_rehearsal(policy, str(path))
        return policy

    return await to_thread(read)


async def preview_draft(engine: AsyncEngine, content: str, now: datetime) -> PreviewCounts:
    """What the draft would change for the open cases. Raises BadFile."""
    policy = await read_draft(engine, content)
    async with engine.connect() as connection:
        return await preview_all(connection, policy, 0, now)


async def publish_draft(
    engine: AsyncEngine, person: Person, id_: UUID, effective_from: datetime | None, now: datetime
) -> Published:
    """Publishes a draft as a version and throws the draft away.

    Raises NotYours, NoSuchPage, BadFile, PublishedIntoThePast, CalendarsMissing; then nothing has changed.
    """
    await check_admin(engine, person, now, "policy publish")
    async with engine.connect() as connection:
        content = (await draft(connection, id_)).content
    with as_file(content) as path:
        published = await publish_file(engine, path, effective_from=effective_from)
    async with transaction(engine) as connection:
        await connection.execute(delete(_DRAFTS).where(_DRAFTS.c.id == id_))
    return published
