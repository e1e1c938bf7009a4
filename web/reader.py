"""Who reads a page, in which language, how large, and when."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Opened
from doors.negotiation import preferred
from doors.security import named_by, person_on
from doors.session import check_own, token_in
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.context import Grant, Person
from models.enums import Role
from models.policy.document import Policy
from rules.scope import in_force
from services.accounts.preferences import PersonSettings, known_of
from services.desk.notices import Unread, unread_notices
from web.texts import translate

COOKIE = "gridloop_prefs"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Preferences:
    """What a reader has set for this browser. `large`: 长辈版, large type; `keys`: single-key shortcuts are on.

    `role`: which of their roles they act as (a code; empty: all of them at once).
    """

    language: str = "zh"
    large: bool = False
    keys: bool = True
    role: str = ""

    def keep(self, response: Response) -> None:
        """Remembers them for a year."""
        value = {"lang": self.language, "large": int(self.large), "keys": int(self.keys), "role": self.role}
        response.set_cookie(COOKIE, urlencode(value), max_age=_YEAR, httponly=True, samesite="lax")


def preferences_in(request: Request) -> Preferences:
    """What the browser remembers, or asks for in the address (`?lang=en&large=1`)."""
    known = dict(parse_qsl(request.cookies.get(COOKIE, "")))
    wanted = request.query_params.get("lang") or known.get("lang")
    language = wanted if wanted in ("zh", "en") else preferred(request.headers.get("accept-language"))
    large = request.query_params.get("large") or known.get("large")
    return Preferences(language, large == "1", known.get("keys", "1") == "1", known.get("role", ""))


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

    @cached_property
    def today(self) -> str:
        """The date where the cases are, as YYYY-MM-DD."""
        return self.now.astimezone(self.zone).date().isoformat()

    def text(self, message: str, **params: object) -> str:
        """The text in the reader's language."""
        return translate(self.language, message, **params)


@dataclass(frozen=True, kw_only=True)
class Reader(Visitor):
    """Somebody signed in, with what they have set and how many of their notices are unread.

    `person` has the grants of the role that they act as, where they have chosen one of several: their pages show and
    offer what that role sees and may do. It narrows what they look at; their rights are all of those that they hold.
    `roles`: what they may choose from; `acting`: what they have chosen; `acts_for`: names of units and departments.
    """

    person: Person
    name: str
    day: date
    settings: PersonSettings
    notices: Unread
    roles: tuple[Role, ...] = ()
    acting: Role | None = None
    acts_for: tuple[str, ...] = ()

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
    async with opened.reading.connect() as connection:
        person = await person_on(connection, opened, named, at_door.now)
        return await _known(connection, at_door, person)


async def _known(connection: AsyncConnection, at_door: Visitor, person: Person) -> Reader:
    try:
        zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    except NoPolicy:
        zone = at_door.zone
    day = at_door.now.astimezone(zone).date()
    held = in_force(person, day)
    roles = tuple(role for role in Role if any(grant.role is role for grant in held))
    acting = next((role for role in roles if role == at_door.preferences.role), None)
    if acting is not None:
        held = tuple(grant for grant in held if grant.role is acting)
        person = person.model_copy(update={"grants": held})
    known = await known_of(connection, person, held, at_door.language)
    return Reader(
        path=at_door.path,
        query=at_door.query,
        preferences=at_door.preferences,
        now=at_door.now,
        zone=zone,
        person=person,
        name=known.name,
        day=day,
        settings=known.settings,
        notices=await unread_notices(connection, person, at_door.now, known.settings.quiet),
        roles=roles,
        acting=acting,
        acts_for=known.acts_for,
    )


AnyVisitor = Annotated[Visitor, Depends(visitor)]
SignedIn = Annotated[Reader, Depends(reader)]
