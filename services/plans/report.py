"""Report a duty as done: checked early with the same rules, recorded once however often it is sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import read_matter_context
from infra.store.matters.plan import read_duty
from models.context import Person
from models.facts import Actor
from models.matters.base import MatterKind
from models.matters.messages import MatterAct
from models.matters.plan import PlanState, ReportDuty
from rules.matters.plan import RULES, doing
from rules.matters.plan.extra import PlanExtra
from services.matters.send import MatterSent, earlier_answer, send_act
from services.plans.duties import find_duty
from services.runtime.resources import Resources


async def report_duty(
    resources: Resources, person: Person, command: ReportDuty, *, command_id: UUID, now: datetime
) -> MatterSent:
    """Report the duty. Whoever may see it may try; `rules.matters.plan.doing` says whose it is.

    Raises NoSuchDuty, the DomainError of the refusal, or StoreAway: whether it was taken is then not known; send it
    again under the same id.
    """
    content = command.model_dump(mode="json")
    async with resources.reading.connect() as connection:
        _, plan = await find_duty(connection, person, command.duty, now)
        earlier = await earlier_answer(connection, MatterKind.PLAN, plan.id, command_id, content, person)
        if earlier is not None:
            return MatterSent(command_id, earlier)
        await _check_early(connection, person, plan, command, now)
    sent = MatterAct(id=command_id, actor=Actor(person=person.id), command=content)
    return await send_act(resources, RULES, plan, sent)


async def _check_early(
    connection: AsyncConnection, person: Person, plan: PlanState, command: ReportDuty, now: datetime
) -> None:
    """Refuse without a trace in the history what the recording step would refuse anyway."""
    ctx = await read_matter_context(connection, plan.id, plan.grid, person.id, now)
    extra = PlanExtra(**await read_duty(connection, plan, command))
    doing.report(plan, command, ctx.model_copy(update={"extra": extra}))
