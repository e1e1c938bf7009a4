"""Routes for administrators: the accounts of other people."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field, SecretStr

from api.parameters import KNOWN_PARAMETERS
from api.routes.account import Ended, SessionList
from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen
from services.admin import accounts, interests
from services.organisation.interests import InterestDraft, InterestView

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/admin",
    tags=["administration"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)

Username = Annotated[str, Path(max_length=200)]


class PasswordReset(Frozen):
    """The first password to give. None: one is made by chance."""

    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)] | None = None


class FirstPassword(Frozen):
    """A first password, shown this once. Its owner must change it before anything else."""

    username: str
    password: str


@router.post("/people/{username}/password")
async def reset_password(
    username: Username, body: PasswordReset, services: ServicesDep, caller: Caller, now: Now
) -> FirstPassword:
    """Gives somebody a first password, and ends all their sessions."""
    given = None if body.password is None else body.password.get_secret_value()
    async with transaction(services.engine) as connection:
        first = await accounts.reset_password(connection, caller, username, given, now)
    return FirstPassword(username=username, password=first)


@router.delete("/people/{username}/second-factor", status_code=204)
async def reset_second_factor(username: Username, services: ServicesDep, caller: Caller, now: Now) -> None:
    """Removes the second factor of somebody who lost theirs, and ends all their sessions."""
    async with transaction(services.engine) as connection:
        await accounts.reset_second_factor(connection, caller, username, now)


@router.delete("/people/{username}/tokens")
async def revoke_tokens(username: Username, services: ServicesDep, caller: Caller, now: Now) -> Ended:
    """Revokes every personal token of somebody."""
    async with transaction(services.engine) as connection:
        return Ended(ended=await accounts.revoke_tokens_of(connection, caller, username, now))


class InterestList(Frozen):
    """What is declared of a person, past and future included."""

    items: tuple[InterestView, ...]


class InterestEnd(Frozen):
    """The last day of an interest."""

    last: date


@router.get("/people/{username}/interests")
async def list_interests(username: Username, services: ServicesDep, caller: Caller, now: Now) -> InterestList:
    """The interests (利害关系) declared of somebody; for administrators and auditors."""
    async with services.reading.connect() as connection:
        return InterestList(items=await interests.list_interests(connection, caller, username, now))


@router.put("/people/{username}/interests", status_code=204)
async def declare_interest(
    username: Username, body: InterestDraft, services: ServicesDep, caller: Caller, now: Now
) -> None:
    """Declares that somebody has an interest in an enterprise, a department or a unit: they no longer see its cases."""
    async with transaction(services.engine) as connection:
        await interests.put_interest(connection, caller, username, body, now)


@router.post("/people/{username}/interests/{id}/end", status_code=204)
async def end_interest(
    username: Username, id: UUID, body: InterestEnd, services: ServicesDep, caller: Caller, now: Now
) -> None:
    """Ends an interest with a day; one that would end before it begins is removed."""
    async with transaction(services.engine) as connection:
        await interests.end_interest(connection, caller, username, id, body.last, now)


@router.get("/people/{username}/sessions")
async def list_sessions(username: Username, services: ServicesDep, caller: Caller, now: Now) -> SessionList:
    """Where somebody is signed in."""
    async with services.reading.connect() as connection:
        return SessionList(items=await accounts.list_sessions(connection, caller, username, now))


@router.delete("/people/{username}/sessions")
async def end_sessions(username: Username, services: ServicesDep, caller: Caller, now: Now) -> Ended:
    """Signs somebody out everywhere."""
    async with transaction(services.engine) as connection:
        return Ended(ended=await accounts.end_sessions(connection, caller, username, None, now))


@router.delete("/people/{username}/sessions/{id}")
async def end_session(username: Username, id: UUID, services: ServicesDep, caller: Caller, now: Now) -> Ended:
    """Ends one session of somebody."""
    async with transaction(services.engine) as connection:
        return Ended(ended=await accounts.end_sessions(connection, caller, username, id, now))
