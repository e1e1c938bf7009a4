"""Who reads a page, in which language, how large, and when."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.negotiation import preferred
from api.security import named_by, person_on
from api.session import check_own, token_in
from api.state import Opened
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.context import Grant, Person
from models.policy import Policy
from models.words import Role
from rules.scope import in_force
from services.notices import Unread, unread_notices
from services.settings import PersonSettings, name_and_settings
from web.texts import translate

COOKIE = "gridloop_prefs"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Preferences:
    """What a reader has set for this browser. `large`: 长辈版, large type; `keys`: single-key shortcuts are on."""

    language: str = "zh"
    large: bool = False
    keys: bool = True

    def keep(self, response: Response) -> None:
        """Remembers them for a year."""
        value = urlencode({"lang": self.language, "large": int(self.large), "keys": int(self.keys)})
        response.set_cookie(COOKIE, value, max_age=_YEAR, httponly=True, samesite="lax")


def preferences_in(request: Request) -> Preferences:
    """What the browser remembers, or asks for in the address (`?lang=en&large=1`)."""
    known = dict(parse_qsl(request.cookies.get(COOKIE, "")))
    wanted = request.query_params.get("lang") or known.get("lang")
    language = wanted if wanted in ("zh", "en") else preferred(request.headers.get("accept-language"))
    large = request.query_params.get("large") or known.get("large")
    return Preferences(language, large == "1", known.get("keys", "1") == "1")


@dataclass(frozen=True)
class Visitor:
    """Somebody at a page, signed in or not."""

    path: str
    query: str
    preferences: Preferences
    now: datetime
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(str(Policy.model_fields["zone"].default)))

    @property
    def language(self) -> str:
        """`zh` or `en`."""
        return self.preferences.language

    def text(self, message: str, **params: object) -> str:
        """The text in the reader's language."""
        return translate(self.language, message, **params)


@dataclass(frozen=True, kw_only=True)
class Reader(Visitor):
    """Somebody signed in, with what they have set and how many of their notices are unread."""

    person: Person
    name: str
    day: date
    settings: PersonSettings
    notices: Unread

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What they hold today."""
        return tuple(in_force(self.person, self.day))

    def acts_as(self, *roles: Role) -> bool:
        """Whether they hold one of these roles today."""
        return any(grant.role in roles for grant in self.grants)


async def visitor(request: Request) -> Visitor:
    """Who looks at a page that everybody may see. Raises ForeignRequest for a change asked for from elsewhere."""
    check_own(request)
    return Visitor(request.url.path, request.url.query, preferences_in(request), datetime.now(UTC))


async def reader(request: Request, opened: Opened) -> Reader:
    """Who reads the page. Raises NotSignedIn: they are then shown the way to the sign-in."""
    at_door = await visitor(request)
    named = named_by(opened, token_in(request), at_door.now)
    async with opened.engine.connect() as connection:
        person = await person_on(connection, opened, named, at_door.now)
        return await _known(connection, at_door, person)


async def _known(connection: AsyncConnection, at_door: Visitor, person: Person) -> Reader:
    try:
        zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    except NoPolicy:
        zone = at_door.zone
    name, settings = await name_and_settings(connection, person)
    return Reader(
        path=at_door.path,
        query=at_door.query,
        preferences=at_door.preferences,
        now=at_door.now,
        zone=zone,
        person=person,
        name=name,
        day=at_door.now.astimezone(zone).date(),
        settings=settings,
        notices=await unread_notices(connection, person, at_door.now, settings.quiet),
    )


AnyVisitor = Annotated[Visitor, Depends(visitor)]
SignedIn = Annotated[Reader, Depends(reader)]
