"""Dependencies for the caller and the moment of a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Services, ServicesDep
from doors.scopes import scope_of_request
from doors.session import SCRIPT_HEADER, check_same_origin, session_token
from infra.database import AWAY_ERRORS, is_away, reason
from infra.outages import DATABASE
from infra.settings import Settings
from infra.store.access import Signed, read_session, read_sessions, read_token as read_personal_token
from models.context import Person
from models.errors import (
    ForeignRequest,
    NotSignedIn,
    PasswordChangeRequired,
    ScopeMissing,
    SecondFactorEnrolmentRequired,
    StoreAway,
)
from services.accounts.sign_in import Claims, read_token
from services.accounts.tokens import PREFIX, token_digest

log = structlog.get_logger(__name__)

_BEARER = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token",
    scheme_name="bearer",
    description="A token from `POST /api/v1/auth/token`, or a personal token (`glp_…`): `Authorization: Bearer …`.",
    auto_error=False,
)


#: The bearer token of the request, or None.
Bearer = Annotated[str | None, Depends(_BEARER)]


async def now() -> datetime:
    """Return the moment of the request, in UTC."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(now)]


@dataclass(frozen=True)
class Access:
    """What a request is let in by: the person, and the session of its token.

    `must_change_password`: until they have changed their first password, they may do nothing else; `must_enrol`: nor
    until they have a second factor, which a role of theirs requires. `scopes`: all that a personal token allows, of
    which `session` then is the id; None for a session.
    """

    person: Person
    session: UUID
    must_change_password: bool = False
    must_enrol: bool = False
    scopes: frozenset[str] | None = None

    def check(self) -> None:
        """Raise PasswordChangeRequired or SecondFactorEnrolmentRequired if that has to be done before anything else."""
        if self.must_change_password:
            raise PasswordChangeRequired()
        if self.must_enrol:
            raise SecondFactorEnrolmentRequired()


async def access_at_all(request: Request, bearer: Bearer, services: ServicesDep, moment: Now) -> Access:
    """Return what the request is let in by: its bearer token, or the browser's session where there is no token.

    A change by session must come from our own pages, with their header. For the few routes that are open before a first
    password has been changed. Raises ForeignRequest and the errors of `access_for_token`.
    """
    if bearer is not None:
        return await access_by_bearer(request, bearer, services, moment)
    if session_token(request) is not None:
        check_same_origin(request)
        if request.method not in ("GET", "HEAD") and SCRIPT_HEADER not in request.headers:
            raise ForeignRequest()
    return await access_by_session(request, services, moment)


async def access_by_bearer(request: Request, bearer: str, services: Services, moment: datetime) -> Access:
    """Return what a bearer token lets in. Raises ScopeMissing for a personal token that does not allow this route, and
    the errors of `access_for_token`.
    """
    access = await access_for_token(services, bearer, moment)
    if access.scopes is not None and (scope := scope_of_request(request)) not in access.scopes:
        raise ScopeMissing(scope=scope)
    return access


async def access_by_session(request: Request, services: Services, moment: datetime) -> Access:
    """Return what the browser's session lets in, whichever page asks. Raises the errors of `access_for_token`."""
    access = await access_for_token(services, session_token(request), moment)
    if access.scopes is not None:  # a personal token is for scripts, not for a browser
        raise NotSignedIn()
    return access


AnyAccess = Annotated[Access, Depends(access_at_all)]


async def caller(access: AnyAccess) -> Person:
    """Return the caller, who may do what their roles allow. Raises the errors of `access_at_all` and `Access.check`."""
    access.check()
    return access.person


async def access_for_token(services: Services, token: str | None, moment: datetime) -> Access:
    """Return the person in the token, with all roles, past and future ones included, and their session.

    While the database is away, return them from the cache of this process, at most 15 minutes old, so that a
    report can still be accepted. Everything that reads or decides needs the database anyway, and the recording step
    checks the roles again.
    Raises NotSignedIn for no token, a bad or expired one, a session that has ended, or a person who has left; StoreAway
    when the database is away and this process has not seen the session.
    """
    given = credential_of(services, token, moment)
    try:
        async with services.reading.connect() as connection:
            return await access_over(connection, services, given, moment)
    except (SQLAlchemyError, *AWAY_ERRORS) as error:
        if not is_away(error):
            raise
        cached = services.people.recall(given.key, moment)
        if cached is None:
            raise StoreAway() from error
        DATABASE.note_away(reason(error), using="cached roles", person=str(cached.person.id))
        return _access(services, cached, given.key, moment)


@dataclass(frozen=True)
class Credential:
    """What a request brings: the claims of a session's token, or the digest of a personal token.

    `key`: by which the process remembers it.
    """

    key: UUID
    claims: Claims | None = None
    digest: bytes | None = None


async def access_over(
    connection: AsyncConnection, services: Services, given: Credential, moment: datetime
) -> Access:  # fmt: skip
    """Return whom a token lets in as they are now, in one statement over this connection.

    A live stream calls it again while it runs. Raises NotSignedIn for a session that has ended, a token that was
    revoked or is over, and a person who has left.
    """
    noting = services.people.must_note(given.key, moment)
    if given.claims is not None:
        claims = given.claims
        signed = await read_session(connection, claims.person, claims.session, moment, seen=noting)
    else:
        signed = await read_personal_token(connection, given.digest or b"", moment, seen=noting)
    if signed is None or not signed.person.active:
        services.people.forget(given.key)
        raise NotSignedIn()
    if noting:
        services.people.note(given.key, moment)
    services.people.remember(given.key, signed, moment)
    return _access(services, signed, given.key, moment)


async def accesses_over(
    connection: AsyncConnection, services: Services, claims: Sequence[Claims], moment: datetime
) -> dict[Claims, Access]:
    """Return whom each of the sessions lets in as they are now, in one statement; those that have ended are left out.

    For live streams, which ask again and again: that a stream is open does not count as a use of its session.
    """
    found = await read_sessions(connection, [one.session for one in claims], moment)
    return {
        one: _access(services, signed, one.session, moment)
        for one in claims
        if (signed := found.get(one.session)) is not None and signed.person.id == one.person and signed.person.active
    }


def _access(services: Services, signed: Signed, session: UUID, moment: datetime) -> Access:
    must_enrol = not (signed.second_factor or signed.vouched) and needs_second_factor(
        services.settings, signed.person, moment
    )
    return Access(
        signed.person,
        signed.token or session,
        must_change_password=signed.must_change_password and not signed.vouched,
        must_enrol=must_enrol,
        scopes=signed.scopes,
    )  # fmt: skip


def needs_second_factor(settings: Settings, person: Person, moment: datetime) -> bool:
    """Whether a role of the person, held now, requires a second factor. A day more at both ends covers every zone."""
    day = moment.date()
    return any(
        grant.role in settings.second_factor_roles
        and grant.since <= day + timedelta(days=1)
        and (grant.until is None or grant.until >= day - timedelta(days=1))
        for grant in person.grants
    )


def credential_of(services: Services, token: str | None, moment: datetime) -> Credential:
    """Return what the token is. Raises NotSignedIn for no token, and for a bad or expired one of a session."""
    if token is None:
        raise NotSignedIn()
    if token.startswith(PREFIX):
        digest = token_digest(token)
        return Credential(UUID(bytes=digest[:16]), digest=digest)
    claims = read_token(services.settings, token, moment)
    return Credential(claims.session, claims)


Caller = Annotated[Person, Depends(caller)]
