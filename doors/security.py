"""Who is asking, and when: the two things that nearly every route wants to know."""

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
    """The moment of the request, in UTC."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(now)]


async def caller(
    request: Request, bearer: Annotated[str | None, Depends(_BEARER)], opened: ServicesDep, moment: Now
) -> Person:
    """The person of the bearer token, or of the browser's session where there is none.

    A change by session must come from our own pages, with the header that says so. Raises ForeignRequest, and what
    `person_of` raises.
    """
    if bearer is not None:
        return await person_for_token(opened, bearer, moment)
    token = session_token(request)
    if token is not None:
        check_same_origin(request)
        if request.method not in ("GET", "HEAD") and SCRIPT_HEADER not in request.headers:
            raise ForeignRequest()
    return await person_for_token(opened, token, moment)


async def person_for_token(opened: Services, token: str | None, moment: datetime) -> Person:
    """The person whom the token names, with every role they hold, past and future ones too.

    While the database is away, the person as this process last saw them, at most 15 minutes ago: so that a
    report can still be taken. Everything that reads or decides asks the database anyway, and the recording step
    looks at the roles again.
    Raises NotSignedIn for no token, a bad or expired one, or a person who has left; StoreAway when the database
    is away and this process has not seen the person.
    """
    named = person_id_in_token(opened, token, moment)
    try:
        async with opened.reading.connect() as connection:
            return await person_by_id(connection, opened, named, moment)
    except (SQLAlchemyError, *AWAY_ERRORS) as error:
        if not is_away(error):
            raise
        known = opened.people.recall(named, moment)
        if known is None:
            raise StoreAway() from error
        log.warning("the database is away; roles as last known", person=str(named))
        return known


async def person_by_id(connection: AsyncConnection, opened: Services, named: UUID, moment: datetime) -> Person:
    """The person of that id, as `person_of`, for who reads on over this connection. Raises NotSignedIn."""
    person = await read_person(connection, named)
    if person is None or not person.active:
        opened.people.forget(named)
        raise NotSignedIn()
    opened.people.remember(person, moment)
    return person


def person_id_in_token(opened: Services, token: str | None, moment: datetime) -> UUID:
    """Whom the token names. Raises NotSignedIn for none, and for a bad or expired one."""
    if token is None:
        raise NotSignedIn()
    return read_token(opened.settings, token, moment).person


Caller = Annotated[Person, Depends(caller)]
