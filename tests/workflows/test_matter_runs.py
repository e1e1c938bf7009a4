"""The workflow of a matter continues in a new run when its history grows long, and a restarted one catches up."""

from models.ids import matter_workflow_id
from models.matters.base import MatterKind
from models.matters.messages import MatterStanding
from models.wire_names import STATE_QUERY
from tests.services.matters.hall import Hall
from tests.services.matters.test_undertakings import pledge
from tests.town import Town
from tests.workflows.test_new_run import impatient_town as impatient_town

KIND = MatterKind.UNDERTAKING


async def test_commands_count_once_across_runs(impatient_town: Town) -> None:
    hall = Hall(impatient_town)
    sent = await hall.begin("supervisor", KIND, **pledge())
    code = sent.receipt.code
    handle = impatient_town.resources.temporal.get_workflow_handle(matter_workflow_id(KIND, sent.command_id))
    first_run = (await handle.describe()).run_id
    for n in range(12):
        await hall.do("fire_head", KIND, code, "report_progress", note=f"第 {n} 次", percent=n)
    assert (await handle.describe()).run_id != first_run, "it has gone on in a new run"
    matter = await hall.look(KIND, code)
    standing: MatterStanding = await handle.query(STATE_QUERY, result_type=MatterStanding)
    assert (standing.known, standing.wake_at) == (matter.seq, matter.due_at)
    assert await hall.kinds(KIND, code) == ["undertaken", *["progress_reported"] * 12]
