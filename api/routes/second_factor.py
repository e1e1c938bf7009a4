"""Routes for the caller's own second factor."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import AnyAccess, Caller, Now, needs_second_factor
from doors.strict_json import StrictRoute
from models.base import Frozen
from models.errors import PasswordChangeRequired
from services.accounts import own_second_factor

router = APIRouter(route_class=StrictRoute, prefix="/api/v1/me/second-factor", tags=["accounts"], responses=PROBLEMS)


class OwnSecondFactor(Frozen):
    """Since when codes are asked for (None: they are not), how many recovery codes are left, and whether a role of
    the caller requires it.
    """

    since: datetime | None
    recovery_left: int
    required: bool


class Enrolment(Frozen):
    """What an authenticator app needs: the secret in base 32, or the same as an `otpauth:` address."""

    secret: str
    uri: str


class GivenCode(Frozen):
    """A code of the app, or a recovery code."""

    code: Annotated[str, Field(min_length=1, max_length=40)]


class RecoveryCodes(Frozen):
    """Recovery codes, shown this once; each counts once instead of a code."""

    codes: tuple[str, ...]


@router.get("")
async def read_own(services: ServicesDep, access: AnyAccess, now: Now) -> OwnSecondFactor:
    """Whether the caller has a second factor."""
    there = await own_second_factor.read(services.engine, access.person.id)
    required = needs_second_factor(services.settings, access.person, now)
    return OwnSecondFactor(since=there.since, recovery_left=there.recovery_left, required=required)


@router.post("")
async def begin(services: ServicesDep, access: AnyAccess) -> Enrolment:
    """Begins to enrol an authenticator app; nothing is asked for before `confirm`."""
    _check(access)
    begun = await own_second_factor.begin(services.engine, services.settings, access.person)
    return Enrolment(secret=begun.secret, uri=begun.uri)


@router.post("/confirm")
async def confirm(body: GivenCode, services: ServicesDep, access: AnyAccess, now: Now) -> RecoveryCodes:
    """Begins to ask for codes. Every session but this one ends."""
    _check(access)
    codes = await own_second_factor.confirm(
        services.engine, services.settings, access.person.id, access.session, body.code, now
    )
    return RecoveryCodes(codes=codes)


@router.post("/recovery-codes")
async def renew(body: GivenCode, services: ServicesDep, caller: Caller, now: Now) -> RecoveryCodes:
    """Gives new recovery codes; those of before are worth nothing any more."""
    return RecoveryCodes(
        codes=await own_second_factor.renew(services.engine, services.settings, caller.id, body.code, now)
    )


@router.post("/remove", status_code=204)
async def remove(body: GivenCode, services: ServicesDep, caller: Caller, now: Now) -> None:
    """Does without it again; refused where a role of the caller requires it."""
    needed = needs_second_factor(services.settings, caller, now)
    await own_second_factor.remove(services.engine, services.settings, caller.id, body.code, now, needed=needed)


def _check(access: AnyAccess) -> None:
    """Raise PasswordChangeRequired: a first password is changed before anything is enrolled."""
    if access.must_change_password:
        raise PasswordChangeRequired()
