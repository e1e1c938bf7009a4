"""Reports from people without an account, and commands by their progress code."""

from dataclasses import dataclass
from datetime import datetime
from typing import IO, Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import text

from infra.database import transaction
from infra.store.cases import read_case, read_facts
from infra.store.context import read_person
from models.answers import Asked, GivenAnswers
from models.base import Code, Frozen, Text, Title
from models.commands import GivenLocation, HumanCommand
from models.enums import Source
from models.errors import TurnPassed, WrongCode
from models.ids import derived_id
from models.wire_names import PUBLIC
from rules.scope import speaks_by_code
from services.attachments.files import Limits
from services.attachments.intake import store_upload
from services.cases.proof import read_proof
from services.commands.send import Sent, send
from services.public.account import public_account
from services.public.progress import turn_of
from services.public.progress_code import issue_code
from services.reports.report_input import ReportInput
from services.reports.reporter_input import ReporterInput
from services.reports.submit import check, submit
from services.runtime.resources import Resources


class PublicReport(Frozen):
    """The content of the public form. `report_id` is made with the form, so that posting it twice counts once.

    `grid` is a unit of any level, found from `location` where it is None; `place` describes the place within it.
    """

    report_id: UUID
    category: Code
    title: Title | None = None
    description: Annotated[Text, StringConstraints(max_length=2_000)] = ""
    grid: Code | None = None
    location: GivenLocation | None = None
    place: Annotated[Text, StringConstraints(max_length=200)] = ""
    enterprise: bool = False
    answers: GivenAnswers | None = None
    asked: Asked | None = None
    reporter: ReporterInput | None = None


@dataclass(frozen=True)
class PubliclyReported:
    """The code to follow the report by; `case_no` None: accepted, and recorded as soon as the store is back.

    `proof`: the proof code of the report; None while it is not recorded.
    """

    code: str
    case_no: str | None
    proof: str | None


async def store_public_file(
    resources: Resources, file: IO[bytes], limits: Limits, now: datetime, account: UUID = PUBLIC
) -> str:
    """Store a file from a person without an account, in the name of `account`; return its hash.

    Raises what `store_upload` raises.
    """
    async with transaction(resources.engine) as connection:
        person = await public_account(connection) if account == PUBLIC else await read_person(connection, account)
    assert person is not None, "machine accounts stay"
    stored = await store_upload(resources.engine, resources.settings, person, file, now, limits)
    return stored.view.sha256


async def check_public_report(resources: Resources, report: PublicReport, now: datetime) -> None:
    """Check everything about the report but its files, and store nothing.

    Raises what `submit_public_report` would. A report that is a case already is not checked again: whether it is the
    same one is known when its files are.
    """
    async with transaction(resources.engine) as connection:
        person = await public_account(connection)
        known = text(
            "SELECT 1 FROM cases WHERE report_id = :id UNION ALL SELECT 1 FROM retired_cases WHERE report_id = :id"
        )
        if await connection.scalar(known, {"id": report.report_id}) is not None:
            return
    await check(resources, person, _input(report, ()), now)


async def submit_public_report(
    resources: Resources, report: PublicReport, photos: tuple[str, ...], now: datetime
) -> PubliclyReported:
    """Submit a report from a person without an account. `photos`: the hashes of stored files.

    Raises what `reports.submit.submit` raises; then nothing was reported.
    """
    async with transaction(resources.engine) as connection:
        person = await public_account(connection)
    submitted = await submit(resources, person, _input(report, photos), now)
    phone = report.reporter.phone if report.reporter else None
    async with transaction(resources.engine) as connection:
        code = await issue_code(connection, resources.settings, report.report_id, phone, now)
        proof = await read_proof(connection, report.report_id, seq=1)
    return PubliclyReported(code, submitted.receipt.case_no if submitted.receipt else None, proof)


def _input(report: PublicReport, photos: tuple[str, ...]) -> ReportInput:
    place = f"\n地点: {report.place}" if report.place else ""
    answered = {} if report.answers is None else {"answers": report.answers, "asked": report.asked}
    return ReportInput(
        report_id=report.report_id,
        category=report.category,
        title=report.title,
        description=f"{report.description}{place}".strip(),
        grid=report.grid,
        location=report.location,
        source=Source.ENTERPRISE if report.enterprise else Source.RESIDENT,
        attachments=photos,
        reporter=report.reporter,
        **answered,
    )


async def send_by_code(
    resources: Resources, report_id: UUID, command: HumanCommand, now: datetime, turn: int | None = None
) -> Sent:
    """Send a command in the reporter's name; posted again, it counts once for each turn (see `progress.turn_of`).

    `turn` is the one that the reporter's page showed; None: the present one. Raises what
    `services.commands.send.send` raises, WrongCode, and TurnPassed where the page is older than the case, or
    the code gives nobody a say.
    """
    async with transaction(resources.engine) as connection:
        person = await public_account(connection)
        case = await read_case(connection, report_id)
        facts = await read_facts(connection, report_id)
    if case is None:
        raise WrongCode()
    if not speaks_by_code(case):
        raise TurnPassed()
    present = turn_of(facts)
    if turn is not None and turn != present:
        raise TurnPassed()
    id_ = derived_id(report_id, "by-code", present, command.model_dump_json())
    return await send(resources, person, case.case_no, command, command_id=id_, if_revision=None, now=now)
