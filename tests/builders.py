"""A tiny world for tests: two parks, three departments, one person per role, a small policy.

    park 130172100 ─ community …001 ─ grid …001 ─ micro-grids …001, …002    (117.00–117.02 E, 38.00–38.01 N)
    park 330603010 ─ community …001 ─ grid …001 ─ micro-grid …001           (120.50–120.52 E, 30.00–30.01 N)

Everybody signs in with `PASSWORD`. Desks are staffed at the park and the community only: above the grid
and the micro-grid somebody sits, in them nobody does.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel

from infra.settings import Settings
from models.enums import Level, Role, Severity, UnitType
from models.ids import derived_id
from models.policy.document import Category, Group, Policy, RouteRule
from models.policy.limits import Limit
from models.policy.standard import Limits
from models.tables import (
    AttachmentRow,
    DepartmentRow,
    GrantRow,
    GridUnitRow,
    PendingUploadRow,
    PersonRow,
    PolicyRow,
    SessionRow,
)
from services.accounts.sign_in import issue_token

PASSWORD = "test-password-1"
SINCE = date(2024, 1, 1)

PARK = "130172100"
COMMUNITY = PARK + "001"
GRID = COMMUNITY + "001"
MICRO = GRID + "001"
MICRO_2 = GRID + "002"

OTHER_PARK = "330603010"
OTHER_COMMUNITY = OTHER_PARK + "001"
OTHER_GRID = OTHER_COMMUNITY + "001"
OTHER_MICRO = OTHER_GRID + "001"

FIRE, LABOUR, ENVIRONMENT = "fire", "labour", "environment"
FALLBACK = "fallback"

Box = tuple[float, float, float, float]
_WEST_HALF: Box = (117.00, 38.00, 117.01, 38.01)
_EAST_HALF: Box = (117.01, 38.00, 117.02, 38.01)
_WHOLE: Box = (117.00, 38.00, 117.02, 38.01)
_OTHER: Box = (120.50, 30.00, 120.52, 30.01)


@dataclass(frozen=True)
class UnitSpec:
    """One unit of the tiny world; `parent` None for a park."""

    code: str
    name: str
    level: Level
    parent: str | None
    box: Box
    type: UnitType = UnitType.TERRITORIAL


@dataclass(frozen=True)
class Holder:
    """One person with one role."""

    username: str
    name: str
    role: Role
    grid: str | None = None
    department: str | None = None


#: Parents before their children.
UNITS = (
    UnitSpec(PARK, "东区园区", Level.PARK, None, _WHOLE),
    UnitSpec(COMMUNITY, "东一社区", Level.COMMUNITY, PARK, _WHOLE),
    UnitSpec(GRID, "第一网格", Level.GRID, COMMUNITY, _WHOLE),
    UnitSpec(MICRO, "第一微网格", Level.MICRO_GRID, GRID, _WEST_HALF),
    UnitSpec(MICRO_2, "第二微网格", Level.MICRO_GRID, GRID, _EAST_HALF, UnitType.DEDICATED),
    UnitSpec(OTHER_PARK, "滨海园区", Level.PARK, None, _OTHER),
    UnitSpec(OTHER_COMMUNITY, "滨海社区", Level.COMMUNITY, OTHER_PARK, _OTHER),
    UnitSpec(OTHER_GRID, "滨海网格", Level.GRID, OTHER_COMMUNITY, _OTHER),
    UnitSpec(OTHER_MICRO, "滨海微网格", Level.MICRO_GRID, OTHER_GRID, _OTHER),
)

PEOPLE = (
    Holder("reporter", "报告人", Role.REPORTER, grid=PARK),
    Holder("worker", "网格员", Role.GRID_WORKER, grid=GRID),
    Holder("volunteer", "志愿者", Role.VOLUNTEER, grid=MICRO),
    Holder("duty", "园区受理员", Role.DUTY_OFFICER, grid=PARK),
    Holder("duty_2", "园区受理员二", Role.DUTY_OFFICER, grid=PARK),
    Holder("community_duty", "社区受理员", Role.DUTY_OFFICER, grid=COMMUNITY),
    Holder("fire_handler", "消防处置员", Role.HANDLER, grid=PARK, department=FIRE),
    Holder("fire_handler_2", "消防处置员二", Role.HANDLER, grid=PARK, department=FIRE),
    Holder("fire_head", "消防负责人", Role.DEPARTMENT_HEAD, grid=PARK, department=FIRE),
    Holder("labour_handler", "人社处置员", Role.HANDLER, department=LABOUR),
    Holder("labour_head", "人社负责人", Role.DEPARTMENT_HEAD, department=LABOUR),
    Holder("environment_handler", "环保处置员", Role.HANDLER, department=ENVIRONMENT),
    Holder("environment_head", "环保负责人", Role.DEPARTMENT_HEAD, department=ENVIRONMENT),
    Holder("reviewer", "核查员", Role.REVIEWER, grid=PARK),
    Holder("supervisor", "园区督查员", Role.SUPERVISOR, grid=PARK),
    Holder("community_supervisor", "社区督查员", Role.SUPERVISOR, grid=COMMUNITY),
    Holder("keeper", "保密员", Role.KEEPER, grid=PARK),
    Holder("auditor", "审计员", Role.AUDITOR),
    Holder("admin", "管理员", Role.ADMIN),
    # Everywhere, and so on the staff list of no single desk.
    Holder(FALLBACK, "兜底责任人", Role.DUTY_OFFICER),
    Holder("other_duty", "滨海受理员", Role.DUTY_OFFICER, grid=OTHER_PARK),
)


@cache
def session_id(username: str) -> UUID:
    """The id of a session that the person of that name always has open."""
    return derived_id("test-session", username)


def token_for(settings: Settings, username: str, now: datetime | None = None) -> str:
    """The token of that session, issued `now`."""
    at = now or datetime.now(UTC)
    return issue_token(settings, person_id(username), username, at, session_id(username)).access_token


def _session(username: str) -> dict[str, Any]:
    begun = datetime(2024, 1, 1, tzinfo=UTC)
    return {
        "id": session_id(username), "person": person_id(username), "kind": "api", "address": "", "agent": "tests",
        "created_at": begun, "last_seen_at": begun, "expires_at": datetime(2999, 1, 1, tzinfo=UTC), "ended_at": None,
    }  # fmt: skip


def person_id(username: str) -> UUID:
    """The id of the person of that name in the tiny world."""
    return derived_id("test-person", username)


CHECKLIST: dict[str, Any] = {
    "code": "pre-shift",
    "name_zh": "班前检查",
    "name_en": "Pre-shift check",
    "items": [
        {"code": "exits", "text_zh": "通道畅通", "text_en": "exits are clear", "category": "0103", "photo": False},
        {"code": "guards", "text_zh": "防护完好", "text_en": "guards are whole", "category": "0103"},
    ],
}


#: One question of each kind: `still` stops the form, `since` is asked only of what goes on, `who` is personal, `smell`
#: is read by the public.
QUESTIONS: Any = (
    {"code": "smell", "kind": "choice", "text_zh": "什么气味", "text_en": "What does it smell of", "required": True,
     "several": True, "reading": "public", "options": [
         {"key": "sour", "name_zh": "酸味", "name_en": "sour"},
         {"key": "egg", "name_zh": "臭鸡蛋味", "name_en": "rotten egg"},
         {"key": "gas", "name_zh": "煤气味", "name_en": "town gas"}],
     "raises": [{"answers": ["egg"], "severity": "urgent"}],
     "stop": {"answers": ["gas"], "telephone": "119", "notice_zh": "请立即撤离。", "notice_en": "Leave at once.",
              "may_report": False}},
    {"code": "still", "kind": "yes_no", "text_zh": "是否有人不适", "text_en": "Does anybody feel unwell",
     "stop": {"answers": ["yes"], "telephone": "120", "notice_zh": "请先救人。", "notice_en": "Help them first."}},
    {"code": "people", "kind": "number", "text_zh": "几人不适", "text_en": "How many feel unwell", "required": True,
     "unit_zh": "人", "unit_en": "people", "min": 1, "max": 500,
     "shown_if": {"question": "still", "answers": ["yes"]}},
    {"code": "since", "kind": "day", "text_zh": "何时开始", "text_en": "Since which day"},
    {"code": "seen", "kind": "moment", "text_zh": "最近一次", "text_en": "When last", "doors": ["desk", "phone"]},
    {"code": "where", "kind": "text", "text_zh": "气味来自何处", "text_en": "Where does it come from"},
    {"code": "who", "kind": "text", "text_zh": "家中病人情况", "text_en": "Who is ill at home", "reading": "personal"},
    {"code": "picture", "kind": "photo", "text_zh": "排气口照片", "text_en": "Photo of the outlet"},
)  # fmt: skip


def a_policy(**changed: Any) -> Policy:
    """A small policy: 0103 → fire (evidence required), 0201 → labour, the rest (0301 with questions, 0302) →
    environment; one checklist."""
    hours = Limit.of_hours
    limits = Limits(accept=hours(2), dispatch=hours(4), handle=hours(72), review=hours(24))
    quick = limits.model_copy(update={"handle": Limit.of_hours(24)})
    known: dict[str, Any] = {
        "name": "测试政策",
        "groups": (
            Group(code="01", name_zh="安全生产", name_en="Work safety"),
            Group(code="02", name_zh="劳动关系", name_en="Labour relations"),
            Group(code="03", name_zh="生态环境", name_en="Environment"),
        ),
        "categories": (
            Category(
                code="0103",
                name_zh="消防通道堵塞",
                name_en="Blocked fire lane",
                group="01",
                severity=Severity.PRESSING,
                evidence_required=True,
                limits=quick,
            ),
            Category(code="0201", name_zh="欠薪纠纷", name_en="Wage dispute", group="02", limits=limits),
            Category(
                code="0301",
                name_zh="废气",
                name_en="Waste gas",
                group="03",
                limits=limits,
                questions=QUESTIONS,
            ),
            Category(code="0302", name_zh="废水直排", name_en="Waste water discharge", group="03", limits=limits),
        ),
        "routes": (
            RouteRule(id="fire", categories=("01",), host=FIRE, why_zh="安全类由消防主办", why_en="Safety: fire"),
            RouteRule(id="labour", categories=("02",), host=LABOUR, why_zh="劳动类由人社主办", why_en="Labour: labour"),
            RouteRule(id="rest", host=ENVIRONMENT, why_zh="其余由环保主办", why_en="The rest: environment"),
        ),
        "fallback_owner": FALLBACK,
        "park": {"checklists": [CHECKLIST]},
    }
    return Policy.model_validate({**known, **changed})


async def small_park(engine: AsyncEngine) -> None:
    """Fills a migrated, empty database with the tiny world and publishes `a_policy` as version 1."""
    async with engine.begin() as connection:
        await _insert(connection, GridUnitRow, [_unit_row(unit) for unit in UNITS])
        await _insert(
            connection,
            DepartmentRow,
            [
                {"id": FIRE, "name_zh": "消防救援大队", "name_en": "Fire brigade", "active": True},
                {"id": LABOUR, "name_zh": "人社局", "name_en": "Labour bureau", "active": True},
                {"id": ENVIRONMENT, "name_zh": "生态环境局", "name_en": "Environment bureau", "active": True},
            ],
        )
        await add_people(connection, *PEOPLE)
        await publish(connection, a_policy())


async def add_people(connection: AsyncConnection, *holders: Holder) -> None:
    """Adds people, each with one role in force since 2024, who can sign in with `PASSWORD`."""
    known = {h.username: h for h in holders}
    await _insert(
        connection,
        PersonRow,
        [
            {
                "id": person_id(h.username),
                "username": h.username,
                "name": h.name,
                "active": True,
                "password_hash": cheap_hash(),
            }
            for h in known.values()
        ],
    )
    await _insert(connection, SessionRow, [_session(h.username) for h in known.values()])
    await add_grants(connection, *holders)


async def add_grants(connection: AsyncConnection, *holders: Holder) -> None:
    """Gives people who exist already one more role each, in force since 2024."""
    await _insert(
        connection,
        GrantRow,
        [
            {
                "id": derived_id("test-grant", h.username, h.role, h.grid, h.department),
                "person": person_id(h.username),
                "role": h.role.value,
                "grid": h.grid,
                "department": h.department,
                "since": SINCE,
                "until": None,
            }
            for h in holders
        ],
    )


async def publish(connection: AsyncConnection, policy: Policy, version: int = 1) -> None:
    """Publishes `policy` as that version."""
    row = {
        "version": version,
        "published_at": datetime(2024, 1, 1, tzinfo=UTC),
        "effective_from": datetime(2024, 1, 1, tzinfo=UTC),
        "digest": f"test-{version}",
        "content": policy.model_dump(mode="json"),
    }
    await _insert(connection, PolicyRow, [row])


@cache
def cheap_hash() -> str:
    """The hash of `PASSWORD`, cheap to check: a hash brings its own parameters."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def rectangle(box: Box) -> dict[str, Any]:
    """A GeoJSON polygon: west, south, east, north in degrees."""
    west, south, east, north = box
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def unit_path(code: str) -> tuple[str, ...]:
    """The codes from the park down to the unit of that code."""
    parents = {unit.code: unit.parent for unit in UNITS}
    path = [code]
    while (parent := parents[path[0]]) is not None:
        path.insert(0, parent)
    return tuple(path)


def _unit_row(unit: UnitSpec) -> dict[str, Any]:
    west, south, east, north = unit.box
    return {
        "code": unit.code,
        "name": unit.name,
        "level": int(unit.level),
        "parent": unit.parent,
        "path": ".".join(unit_path(unit.code)),
        "type": unit.type.value,
        "households": 120 if unit.level is Level.MICRO_GRID else None,
        "enterprise": "示例化工厂" if unit.type is UnitType.DEDICATED else None,
        "retired_on": None,
        "geometry": rectangle(unit.box),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }


async def _insert(connection: AsyncConnection, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    await connection.execute(insert(table), rows)


async def put_photo(engine: AsyncEngine, sha256: str, *usernames: str) -> None:
    """Store the row of a photo that these people, by default everybody, have uploaded and not named yet."""
    now = datetime.now(UTC)
    row = {"sha256": sha256, "media_type": "image/jpeg", "size": 1, "width": 1, "height": 1, "uploaded_at": now}
    async with engine.begin() as connection:
        everybody = (await connection.execute(text("SELECT id FROM people"))).scalars()
        people = [person_id(name) for name in usernames] or list(everybody)
        await connection.execute(insert(AttachmentRow).values(**row, uploaded_by=people))
        pending = [{"sha256": sha256, "person": person, "uploaded_at": now} for person in people]
        await connection.execute(insert(PendingUploadRow), pending)
