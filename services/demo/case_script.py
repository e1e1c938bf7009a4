"""Play one case of the demonstration: report it, then send one command after another.

Each command is sent by a person of the park who may send it.
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID

from infra.store.cases import read_case
from models.context import Person
from models.errors import DomainError
from models.ids import derived_id
from services.attachments.intake import store_upload
from services.commands.send import read_command, send
from services.demo.deeds import Deed, actor_for, body_of, command_name
from services.demo.images import draw_scene
from services.demo.town import DemoReport, DemoTown
from services.reports.report_input import ReportInput
from services.reports.submit import submit
from services.runtime.resources import Resources

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
    "shared": ("accept", "dispatch:shared", "claim", "report_progress"),
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


@dataclass(frozen=True)
class Job:
    """One case of the plan."""

    number: int
    report: DemoReport
    grid: str
    course: str
    enterprise: str | None = None


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
        enterprise=job.enterprise,
        attachments=photos,
        answers=job.report.drawn_answers(job.number),
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
    name = command_name(step)
    actor = None if case is None else actor_for(town.people, case, name, job.number, town.day)
    if case is None or actor is None:
        return
    now = datetime.now(UTC)
    body = body_of(step, Deed(job.number, case, town, now))
    if name in ("complete", "self_close"):
        body["evidence"] = await _photos(resources, actor, job, now, after=True)
    try:
        await send(resources, actor, case_no, read_command(name, body), command_id=id_, if_revision=None, now=now)
    except DomainError as error:
        if error.status >= 500:
            raise
