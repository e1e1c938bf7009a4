"""Dependencies for the caller and the moment of a request."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Services, ServicesDep
from doors.session import SCRIPT_HEADER, check_same_origin, session_token
from infra.database import AWAY_ERRORS, is_away
from infra.store.context import read_person
from models.context import Person
from models.errors import ForeignRequest, NotSignedIn, StoreAway
from services.accounts.sign_in import read_token

log = structlog.get_logger(__name__)

_BEARER = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token",
    scheme_name="bearer",
    description="A token from `POST /api/v1/auth/token`, sent as `Authorization: Bearer …`.",
    auto_error=False,
)


async def now() -> datetime:
    """Return the moment of the request, in UTC."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(now)]


async def caller(
    request: Request, bearer: Annotated[str | None, Depends(_BEARER)], services: ServicesDep, moment: Now
) -> Person:
    """Return the person of the bearer token, or of the browser's session where there is no token.

    A change by session must come from our own pages, with their header. Raises ForeignRequest and the errors of
    `person_for_token`.
    """
    if bearer is not None:
        return await person_for_token(services, bearer, moment)
    token = session_token(request)
    if token is not None:
        check_same_origin(request)
        if request.method not in ("GET", "HEAD") and SCRIPT_HEADER not in request.headers:
            raise ForeignRequest()
    return await person_for_token(services, token, moment)


async def person_for_token(services: Services, token: str | None, moment: datetime) -> Person:
    """Return the person in the token, with all roles, past and future ones included.

    While the database is away, return the person from the cache of this process, at most 15 minutes old, so that a
    report can still be accepted. Everything that reads or decides needs the database anyway, and the recording step
    checks the roles again.
    Raises NotSignedIn for no token, a bad or expired one, or a person who has left; StoreAway when the database
    is away and this process has not seen the person.
    """
    person_id = person_id_in_token(services, token, moment)
    try:
        async with services.reading.connect() as connection:
            return await person_by_id(connection, services, person_id, moment)
    except (SQLAlchemyError, *AWAY_ERRORS) as error:
        if not is_away(error):
            raise
        cached = services.people.recall(person_id, moment)
        if cached is None:
            raise StoreAway() from error
        log.warning("database away, using cached roles", person=str(person_id))
        return cached


async def person_by_id(connection: AsyncConnection, services: Services, person_id: UUID, moment: datetime) -> Person:
    """Return the person of that id, read over this connection, and cache them. Raises NotSignedIn."""
    person = await read_person(connection, person_id)
    if person is None or not person.active:
        services.people.forget(person_id)
        raise NotSignedIn()
    services.people.remember(person, moment)
    return person


def person_id_in_token(services: Services, token: str | None, moment: datetime) -> UUID:
    """Return the person id in the token. Raises NotSignedIn for no token, and for a bad or expired one."""
    if token is None:
        raise NotSignedIn()
    return read_token(services.settings, token, moment).person


Caller = Annotated[Person, Depends(caller)]
