"""Policies: read from YAML, checked against the directory, published as versions that never change."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.errors import NoSuchPage
from models.policy import Policy
from services.calendars import expanded
from services.reference_files import BadFile, Document, FileProblem, Location, problems_of, read_yaml


def read_policy(path: Path) -> Policy:
    """The policy in a YAML file. Raises BadFile with every problem at its line, FileNotFoundError."""
    return _parse(read_yaml(path))


def read_and_check(path: Path, departments: Collection[str], people: Collection[str]) -> Policy:
    """Like `read_policy`, and everything that `check_policy` finds is refused as well, at its line."""
    document = read_yaml(path)
    policy = _parse(document)
    if problems := check_policy(policy, departments, people, document):
        raise BadFile(problems)
    return policy


def _parse(document: Document) -> Policy:
    document, problems = expanded(document)
    problems += _own_faults(document)
    try:
        policy = Policy.model_validate(document.data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        # What `_own_faults` has found at its line is not told a second time for the whole file.
        located = [e for e in errors if e["loc"]] if problems else errors
        problems += problems_of(document, located)
    if problems:
        raise BadFile(sorted(problems, key=lambda problem: problem.line))
    return policy


def _own_faults(document: Document) -> list[FileProblem]:
    """Codes given twice and unknown groups, found in the raw data, where they have lines."""
    groups = _codes(document, "groups")
    categories = _codes(document, "categories")
    problems = []
    for section, codes in (("groups", groups), ("categories", categories)):
        for position, code in codes.items():
            first = next(p for p, c in codes.items() if c == code)
            if first != position:
                line = document.line_of((section, first, "code"))
                at = (section, position, "code")
                zh, en = f"“{code}”重复,已见于第 {line} 行", f"“{code}” is a duplicate of line {line}"
                problems.append(document.problem(at, zh, en))
    for position in categories:
        group = document.data["categories"][position].get("group")
        if group is not None and group not in groups.values():
            at = ("categories", position, "group")
            problems.append(document.problem(at, f"没有大类“{group}”", f"there is no group “{group}”"))
    return problems


def _codes(document: Document, section: str) -> dict[int, str]:
    """The codes in a section of the raw data, by position; whatever is not one is left to the schema."""
    data = document.data if isinstance(document.data, Mapping) else {}
    items = data.get(section)
    return {
        position: item["code"]
        for position, item in enumerate(items if isinstance(items, list) else [])
        if isinstance(item, Mapping) and isinstance(item.get("code"), str)
    }


def check_policy(
    policy: Policy,
    departments: Collection[str],
    people: Collection[str],
    document: Document | None = None,
) -> tuple[FileProblem, ...]:
    """What is wrong with a policy in this park: its `departments` and `people` are those active here.

    A route must name an existing department and categories that exist, the fallback owner must be somebody,
    the zone must be known. With the `document` it came from, each problem has its line.
    """
    found: list[tuple[Location, str, str]] = []
    for i, rule in enumerate(policy.routes):
        if rule.host not in departments:
            at: Location = ("routes", i, "host")
            found.append((at, f"没有部门“{rule.host}”", f"there is no department “{rule.host}”"))
        for j, prefix in enumerate(rule.categories):
            if not any(category.code.startswith(prefix) for category in policy.categories):
                zh, en = f"没有以“{prefix}”开头的小类", f"no category begins with “{prefix}”"
                found.append((("routes", i, "categories", j), zh, en))
    if policy.fallback_owner not in people:
        who = policy.fallback_owner
        found.append((("fallback_owner",), f"没有在岗人员“{who}”", f"there is no active person “{who}”"))
    if not _zone_exists(policy.zone):
        zh, en = f"没有时区“{policy.zone}”", f"there is no time zone “{policy.zone}”"
        found.append((("zone",), zh, en))
    source = document or Document(policy.name, None, {})
    return tuple(source.problem(at, zh, en) for at, zh, en in found)


def _zone_exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


async def publish(
    connection: AsyncConnection, policy: Policy, now: datetime, effective_from: datetime | None = None
) -> int:
    """Publishes `policy` in the caller's transaction and gives its version, 1, 2, 3 …

    It is in force from `effective_from` on (None: from now). The same content as the newest version is that
    version: nothing new is published.
    """
    # One at a time: two publishers would otherwise both take the next number. Readers are not kept out.
    await connection.execute(text("LOCK TABLE policies IN SHARE ROW EXCLUSIVE MODE"))
    newest = (
        await connection.execute(text("SELECT version, digest FROM policies ORDER BY version DESC LIMIT 1"))
    ).first()
    content = _content(policy)
    digest = _digest(content)
    if newest is not None and newest.digest == digest:
        return int(newest.version)
    number = 1 if newest is None else int(newest.version) + 1
    await connection.execute(
        text(
            "INSERT INTO policies (version, published_at, effective_from, digest, content)"
            " VALUES (:version, :now, :effective, :digest, CAST(:content AS jsonb))"
        ),
        {
            "version": number,
            "now": now,
            "effective": effective_from or now,
            "digest": digest,
            "content": content,
        },
    )
    return number


async def published_as(connection: AsyncConnection, policy: Policy) -> int | None:
    """The newest version with the content of `policy`, or None when it was never published."""
    query = text("SELECT max(version) FROM policies WHERE digest = :digest")
    found: int | None = await connection.scalar(query, {"digest": _digest(_content(policy))})
    return found


def _content(policy: Policy) -> str:
    return json.dumps(policy.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)


def _digest(content: str) -> str:
    return sha256(content.encode()).hexdigest()


async def current(connection: AsyncConnection) -> tuple[int, Policy]:
    """The policy in force and its version. Raises NoSuchPage when none has been published."""
    rows = await connection.execute(
        text(
            "SELECT version, content FROM policies WHERE effective_from <= clock_timestamp()"
            " ORDER BY effective_from DESC, version DESC LIMIT 1"
        )
    )
    found = rows.all()
    return _only(found, "policy")


async def version(connection: AsyncConnection, number: int) -> Policy:
    """The policy published as that version. Raises NoSuchPage when there is none."""
    rows = await connection.execute(
        text("SELECT version, content FROM policies WHERE version = :number"), {"number": number}
    )
    return _only(rows.all(), f"policy {number}")[1]


def _only(rows: Sequence[Any], what: str) -> tuple[int, Policy]:
    if not rows:
        raise NoSuchPage(what=what)
    return int(rows[0].version), Policy.model_validate(rows[0].content)
