"""Begin a run of an emergency plan by hand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.context import Person
from models.errors import InputError, NoSuchPlan
from models.matters.base import MatterKind
from models.matters.emergency import BeginEmergency
from models.policy.emergency import EmergencyPlan
from services.cases.queries import find_case
from services.matters.send import MatterSent, create
from services.runtime.resources import Resources


async def plans_in_force(connection: AsyncConnection) -> tuple[EmergencyPlan, ...]:
    """Return the plans of the policy in force."""
    return (await policy_version(connection, await newest_version(connection))).park.emergencies.plans


async def begin_by_hand(
    resources: Resources, person: Person, case_no: str, plan: str | None, *, id_: UUID, now: datetime
) -> MatterSent:
    """Begin a run for a case that `person` sees: of `plan`, else of the plan that fits the case.

    Raises NoSuchCase, NoSuchPlan, EmergencyRuns, NotYours, InputError where no plan fits, or StoreAway.
    """
    async with resources.reading.connect() as connection:
        row = await find_case(connection, person, case_no, now)
        plans = await plans_in_force(connection)
    if plan is None:
        found = next((one for one in plans if one.fits(row.category, row.severity)), None)
        if found is None:
            raise InputError(why_zh="没有适用的预案,请指明预案", why_en="no plan fits: name one", pointer="/plan")
    else:
        found = next((one for one in plans if one.code == plan), None)
        if found is None:
            raise NoSuchPlan(plan=plan, known=", ".join(one.code for one in plans) or "—", pointer="/plan")
    command = BeginEmergency(name=row.title[:120], grid=row.grid, case_no=row.case_no, plan=found.code)
    return await create(resources, person, MatterKind.EMERGENCY, command, id_=id_)
