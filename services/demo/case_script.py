"""Play one case of the demonstration: report it, then send one command after another.

Each command is sent by a person of the park who may send it.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID

import yaml
from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import read_case
from infra.store.context import local_day, read_person
from models.base import Code, Frozen, Text
from models.case import Case
from models.context import Person
from models.enums import Level, Role, Severity, UrgeKind
from models.errors import DomainError
from models.ids import derived_id
from models.tables import GRID_UNITS, PersonRow
from rules.scope import allowed_commands, covers, in_force
from services.attachments.intake import store_upload
from services.commands.send import read_command, send
from services.demo.images import draw_scene
from services.files.shipped import DEPLOY
from services.reports.submit import ReportInput, submit
from services.runtime.resources import Resources

CASES = DEPLOY / "demo" / "cases.yaml"

_TO_HANDLING = ("accept", "dispatch", "claim")
#: The courses of a case, each as the commands that it consists of.
COURSES: dict[str, tuple[str, ...]] = {
    "received": (),
    "asked": ("request_info",),
    "verifying": ("request_verification",),
    "verified": ("request_verification", "report_verification", "accept"),
    "rejected": ("reject",),
    "accepted": ("accept",),
    "dispatched": ("accept", "dispatch"),
    "shared": ("accept", "dispatch_shared", "claim", "report_progress"),
    "redispatched": ("accept", "dispatch", "redispatch"),
    "claimed": _TO_HANDLING,
    "progress": (*_TO_HANDLING, "report_progress"),
    "noted": (*_TO_HANDLING, "comment"),
    "urged": (*_TO_HANDLING, "urge"),
    "returning": (*_TO_HANDLING, "return"),
    "extending": (*_TO_HANDLING, "request_extension"),
    "extended": (*_TO_HANDLING, "request_extension", "grant_extension"),
    "suspending": (*_TO_HANDLING, "request_suspension"),
    "suspended": (*_TO_HANDLING, "request_suspension", "grant_suspension"),
    "reviewing": (*_TO_HANDLING, "complete"),
    "reworked": (*_TO_HANDLING, "complete", "fail_review"),
    "closed": (*_TO_HANDLING, "complete", "pass_review"),
    "rated": (*_TO_HANDLING, "complete", "pass_review", "rate"),
    "reopening": (*_TO_HANDLING, "complete", "pass_review", "request_reopen"),
    "voiding": ("void",),
    "settled": ("self_close",),
}


class DemoReport(Frozen):
    """One report of the file."""

    category: Code
    title: Text
    description: Text
    picture: Text
    severity: Severity | None = None


@dataclass(frozen=True)
class Job:
    """One case of the plan."""

    number: int
    report: DemoReport
    grid: str
    course: str


@dataclass(frozen=True)
class DemoTown:
    """The people who act, the reports to choose from, and the places."""

    people: tuple[Person, ...]
    reports: tuple[DemoReport, ...]
    paths: Mapping[str, tuple[str, ...]]
    departments: tuple[str, ...]
    day: date

    def reporters(self, grid: str) -> list[Person]:
        """Return the grid workers of the place; without any, the residents and the hotline."""
        path = self.paths[grid]
        roles = ((Role.GRID_WORKER,), (Role.REPORTER, Role.DUTY_OFFICER))
        for role_group in roles:
            people = [
                p for p in self.people if any(g.role in role_group and covers(g, path) for g in in_force(p, self.day))
            ]
            if people:
                return people
        return []


async def read_demo_town(resources: Resources) -> DemoTown:
    """Read the demonstration park from its file and the database."""
    reports = TypeAdapter(tuple[DemoReport, ...]).validate_python(yaml.safe_load(CASES.read_text())["reports"])
    async with resources.engine.connect() as connection:
        day = await local_day(connection, datetime.now(UTC))
        people = await _people(connection)
        c = GRID_UNITS.c
        rows = await connection.execute(select(c.code, c.path).where(c.level == Level.MICRO_GRID).order_by(c.code))
        paths = {row.code: tuple(str(row.path).split(".")) for row in rows}
    departments = sorted({g.department for p in people for g in p.grants if g.department})
    return DemoTown(tuple(people), reports, paths, tuple(departments), day)


async def _people(connection: AsyncConnection) -> list[Person]:
    """Return everybody who can sign in."""
    ids: Iterable[UUID] = await connection.scalars(
        select(PersonRow.id).where(PersonRow.active, PersonRow.password_hash.is_not(None)).order_by(PersonRow.username)  # type: ignore[call-overload, union-attr]
    )
    found = [await read_person(connection, id_) for id_ in ids]
    return [person for person in found if person is not None]


async def play_case(resources: Resources, town: DemoTown, job: Job) -> None:
    """Report a case, then send each command of its course by a person who may."""
    rng = random.Random(job.number)
    now = datetime.now(UTC)
    report_id = derived_id("demo-case", job.number)
    reporter = rng.choice(town.reporters(job.grid))
    photos = await _photos(resources, reporter, job, now) if rng.random() < 0.6 else ()
    report = ReportInput(
        report_id=report_id,
        category=job.report.category,
        title=job.report.title,
        description=job.report.description,
        grid=job.grid,
        severity=job.report.severity,
        attachments=photos,
    )
    submitted = await submit(resources, reporter, report, now)
    if submitted.receipt is None:
        return
    for position, step in enumerate(COURSES[job.course]):
        await _step(
            resources, town, job, report_id, submitted.receipt.case_no, step, derived_id(report_id, "demo", position)
        )


async def _photos(
    resources: Resources, person: Person, job: Job, now: datetime, *, after: bool = False
) -> tuple[str, ...]:
    picture = await asyncio.to_thread(draw_scene, job.report.picture, job.number % 7, after=after)
    upload = await store_upload(resources.engine, resources.settings, person, BytesIO(picture), now)
    return (upload.view.sha256,)


async def _step(
    resources: Resources, town: DemoTown, job: Job, report_id: UUID, case_no: str, step: str, id_: UUID
) -> None:
    """Send one command; if nobody may send it any more, or its rule refuses it, the case stays where it is."""
    async with resources.engine.connect() as connection:
        case = await read_case(connection, report_id)
    name = step.removesuffix("_shared")
    actor = None if case is None else _actor(town, case, name, job.number)
    if case is None or actor is None:
        return
    make_body = _BODIES.get(step)
    body = {} if make_body is None else make_body(job, case, town)
    now = datetime.now(UTC)
    if name in ("complete", "self_close"):
        body["evidence"] = await _photos(resources, actor, job, now, after=True)
    try:
        await send(resources, actor, case_no, read_command(name, body), command_id=id_, if_revision=None, now=now)
    except DomainError as error:
        if error.status >= 500:
            raise


def _actor(town: DemoTown, case: Case, command: str, number: int) -> Person | None:
    """Return a person who may send the command, varying with the number; the reporter last, unless only they may."""
    allowed = [person for person in town.people if command in allowed_commands(person, case, town.day)]
    others = [person for person in allowed if person.id not in (case.reported_by, case.claimed_by)]
    if command in ("claim", "complete", "report_progress", "return", "request_extension", "request_suspension"):
        claimant = [person for person in allowed if person.id == case.claimed_by]
        others = claimant or others
    candidates: Sequence[Person] = others or allowed
    return candidates[number % len(candidates)] if candidates else None


def _other_department(job: Job, case: Case, town: DemoTown) -> str:
    others = [code for code in town.departments if code != case.suggested_host]
    return others[job.number % len(others)]


def _extended_by_half(case: Case) -> str:
    """Return the deadline moved by half of the time from start to deadline."""
    clock = case.clock
    assert clock is not None, "only what is being handled is extended"
    due = clock.due_at or datetime.now(UTC)
    return (due + (due - clock.intervals[0].start) / 2).isoformat()


def _in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


_Body = Callable[[Job, Case, DemoTown], dict[str, object]]
_BODIES: dict[str, _Body] = {
    "accept": lambda job, case, town: {"note": "情况属实,予以受理"},
    "reject": lambda job, case, town: {"reason": "属于公安机关职责范围", "right_channel": "110 或辖区派出所"},
    "request_info": lambda job, case, town: {"question": "请补充具体楼号,并拍一张门口的照片"},
    "request_verification": lambda job, case, town: {"question": "请到现场核实所述情况是否属实"},
    "report_verification": lambda job, case, town: {"confirmed": True, "note": "现场查看,情况属实"},
    "dispatch": lambda job, case, town: {"host": case.suggested_host, "note": "请按时限办理"},
    "redispatch": lambda job, case, town: {"host": _other_department(job, case, town), "reason": "按职责分工改派"},
    "dispatch_shared": lambda job, case, town: {
        "host": case.suggested_host, "co_handlers": [_other_department(job, case, town)], "note": "请主办单位牵头",
    },
    "report_progress": lambda job, case, town: {"note": "已到现场查看,约定明日上午整改", "interim": True},
    "comment": lambda job, case, town: {"note": "已电话告知上报人办理情况"},
    "urge": lambda job, case, town: {
        "urge_kind": UrgeKind.LISTED if job.number % 3 == 0 else UrgeKind.ORDINARY,
        "reply_by": _in_days(1.5), "note": "请说明未办结原因和预计完成时间",
    },
    "return": lambda job, case, town: {"reason": "现场不在本单位管辖范围,建议改派"},
    "request_extension": lambda job, case, town: {
        "until": _extended_by_half(case), "reason": "需采购配件,到货后方可施工",
    },
    "grant_extension": lambda job, case, town: {"note": "同意,请按期完成"},
    "request_suspension": lambda job, case, town: {"until": _in_days(30), "reason": "需等待年度维修计划批复"},
    "grant_suspension": lambda job, case, town: {"note": "同意挂账,到期自动恢复"},
    "complete": lambda job, case, town: {
        "result": "已整改完毕,现场清理干净,并告知上报人", "answer": "您反映的问题已经处理完毕,感谢您的监督。",
    },
    "fail_review": lambda job, case, town: {"reason": "现场仍有残留,请彻底清理后再报"},
    "pass_review": lambda job, case, town: {"note": "现场核实,情况已解决"},
    "rate": lambda job, case, town: {"score": (5, 5, 4, 3, 5, 2)[job.number % 6], "note": ""},
    "request_reopen": lambda job, case, town: {"reason": "隔天又出现了同样的问题"},
    "void": lambda job, case, town: {"reason": "与已有案件重复录入"},
    "self_close": lambda job, case, town: {"result": "现场劝离,通道已恢复畅通"},
}  # fmt: skip
