"""An emergency of the demonstration: a spill whose plan has begun, with its first steps confirmed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from models.errors import DomainError
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.emergency import ConfirmStep, Emergency
from services.commands.send import read_command, send as send_to_case
from services.demo.town import DemoTown
from services.demo.work.stations import duty_officer
from services.emergencies.show import runs_of_case
from services.matters.send import act
from services.reports.report_input import ReportInput
from services.reports.submit import submit
from services.runtime.resources import Resources

_ID = derived_id("demo-emergency")
_TITLE = "3 号储罐围堰破损,染化助剂流入雨水沟"
_TEXT = "约两吨助剂外溢,已有部分流入雨水沟,现场有刺激性气味。"
_DONE = (("fire", "消防救援大队 14 分钟到场"), ("stop", "已关闭南墙雨水外排口,应急池收集"))
#: How long the plan may take to begin after the acceptance.
_PATIENCE = timedelta(seconds=30)


async def make_emergency(resources: Resources, town: DemoTown, begun_at: datetime) -> None:
    """Report the spill, accept it, and confirm what was done first."""
    officer = duty_officer(town)
    grid = sorted(town.paths)[7]
    report = ReportInput(report_id=_ID, category="0310", title=_TITLE, description=_TEXT, grid=grid)
    submitted = await submit(resources, officer, report, datetime.now(UTC))
    if submitted.receipt is None:
        return
    case_no = submitted.receipt.case_no
    accept = read_command("accept", {})
    with _refusals_ignored():
        await send_to_case(
            resources, officer, case_no, accept, command_id=derived_id(_ID, "accept"), if_revision=None,
            now=datetime.now(UTC),
        )  # fmt: skip
    run = await _begun(resources, case_no)
    for step, note in _DONE if run is not None else ():
        assert run is not None
        command = ConfirmStep(step=step, note=note)
        with _refusals_ignored():
            await act(
                resources, officer, MatterKind.EMERGENCY, run.code, command, command_id=derived_id(_ID, step),
                now=datetime.now(UTC),
            )  # fmt: skip


@contextmanager
def _refusals_ignored() -> Iterator[None]:
    """Somebody has acted here already when the making is repeated: it stays as they left it."""
    try:
        yield
    except DomainError as error:
        if error.status >= 500:
            raise


async def _begun(resources: Resources, case_no: str) -> Emergency | None:
    """The run that the acceptance has begun; None where it has not begun in time, or the policy has no plan."""
    end = datetime.now(UTC) + _PATIENCE
    while datetime.now(UTC) < end:
        async with resources.engine.connect() as connection:
            runs = await runs_of_case(connection, case_no)
        if runs:
            return runs[0]
        await asyncio.sleep(0.2)
    return None
