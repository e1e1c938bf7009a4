"""The reader of a page: person, roles, language, text size, time."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Services, ServicesDep
from doors.negotiation import preferred_language
from doors.security import Access, access_over, credential_of
from doors.session import check_same_origin, session_token
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.context import Grant, Person
from models.enums import Role
from models.errors import NotSignedIn
from models.policy.document import Policy
from rules.scope import in_force
from services.accounts.preferences import PersonSettings, read_details
from services.desk.notices import Unread, unread_notices
from web.texts import translate
from web.views.case.taking_back import HOLD_CHOICES, HOLD_SECONDS

COOKIE = "gridloop_prefs"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Preferences:
    """The settings of this browser. `large`: 长辈版, large type; `keys`: single-key shortcuts are on.

    `role`: the role that the reader acts in (a code; empty: all of their roles at once). `undo`: for how many seconds
    commands are held back so that they can be taken back; 0: not at all.
    """

    language: str = "zh"
    large: bool = False
    keys: bool = True
    role: str = ""
    undo: int = HOLD_SECONDS

    def keep(self, response: Response) -> None:
        """Store them in a cookie for a year."""
        value = {
            "lang": self.language,
            "large": int(self.large),
            "keys": int(self.keys),
            "role": self.role,
            "undo": self.undo,
        }
        response.set_cookie(COOKIE, urlencode(value), max_age=_YEAR, httponly=True, samesite="lax")


def read_preferences(request: Request) -> Preferences:
    """The settings of the cookie; language and text size may be overridden in the address (`?lang=en&large=1`)."""
    stored = dict(parse_qsl(request.cookies.get(COOKIE, "")))
    lang = request.query_params.get("lang") or stored.get("lang")
    language = lang if lang in ("zh", "en") else preferred_language(request.headers.get("accept-language"))
    large = request.query_params.get("large") or stored.get("large")
    undo = next((one for one in HOLD_CHOICES if str(one) == stored.get("undo")), HOLD_SECONDS)
    return Preferences(language, large == "1", stored.get("keys", "1") == "1", stored.get("role", ""), undo)


@dataclass(frozen=True)
class Visitor:
    """The visitor of a page, signed in or not."""

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
        """The local date of the cases, as YYYY-MM-DD."""
        return self.now.astimezone(self.zone).date().isoformat()

    def text(self, message: str, **params: object) -> str:
        """The text in the reader's language."""
        return translate(self.language, message, **params)


@dataclass(frozen=True, kw_only=True)
class Reader(Visitor):
    """A signed-in visitor, with their settings and the number of their unread notices.

    If they have chosen one of several roles, `person` has only the grants of that role, so their pages show and offer
    what that role may see and do. This narrows the view only; they keep all their rights.
    `session`: by which they are signed in.
    `roles`: the roles to choose from; `acting`: the chosen role; `acts_for`: names of units and departments.
    """

    person: Person
    session: UUID
    must_change_password: bool
    name: str
    day: date
    settings: PersonSettings
    notices: Unread
    roles: tuple[Role, ...] = ()
    acting: Role | None = None
    acts_for: tuple[str, ...] = ()

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Their grants in force today."""
        return tuple(in_force(self.person, self.day))

    def acts_as(self, *roles: Role) -> bool:
        """Whether they act in one of these roles today."""
        return any(grant.role in roles for grant in self.grants)


async def current_visitor(request: Request) -> Visitor:
    """The visitor of a page that everybody may see. Raises ForeignRequest for a form sent from another site."""
    check_same_origin(request)
    return visitor_of(request)


def visitor_of(request: Request) -> Visitor:
    """The visitor of a page whose address is itself the right: a form sent from elsewhere must know it as well.

    Such a page sends no referrer, and its forms therefore come without an origin.
    """
    return Visitor(request.url.path, request.url.query, read_preferences(request), datetime.now(UTC))


async def current_reader(request: Request, services: ServicesDep) -> Reader:
    """The signed-in reader of the page.

    Raises NotSignedIn and PasswordChangeRequired, which are answered with a redirect to the page for it.
    """
    return await _read(request, services, at_all=False)


async def current_reader_at_all(request: Request, services: ServicesDep) -> Reader:
    """The signed-in reader of a page that is open before a first password has been changed. Raises NotSignedIn."""
    return await _read(request, services, at_all=True)


async def _read(request: Request, services: Services, *, at_all: bool) -> Reader:
    visitor = await current_visitor(request)
    given = credential_of(services, session_token(request), visitor.now)
    if given.claims is None:  # a personal token is for scripts, not for a browser
        raise NotSignedIn()
    async with services.reading.connect() as connection:
        access = await access_over(connection, services, given, visitor.now)
        if not at_all:
            access.check()
        return await _build_reader(connection, visitor, access)


async def _build_reader(connection: AsyncConnection, visitor: Visitor, access: Access) -> Reader:
    person = access.person
    try:
        zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    except NoPolicy:
        zone = visitor.zone
    day = visitor.now.astimezone(zone).date()
    grants = in_force(person, day)
    roles = tuple(role for role in Role if any(grant.role is role for grant in grants))
    acting = next((role for role in roles if role == visitor.preferences.role), None)
    if acting is not None:
        grants = tuple(grant for grant in grants if grant.role is acting)
        person = person.model_copy(update={"grants": grants})
    account = await read_details(connection, person, grants, visitor.language)
    return Reader(
        path=visitor.path,
        query=visitor.query,
        preferences=visitor.preferences,
        now=visitor.now,
        zone=zone,
        person=person,
        session=access.session,
        must_change_password=access.must_change_password,
        name=account.name,
        day=day,
        settings=account.settings,
        notices=await unread_notices(connection, person, visitor.now, account.settings.quiet),
        roles=roles,
        acting=acting,
        acts_for=account.acts_for,
    )


AnyVisitor = Annotated[Visitor, Depends(current_visitor)]
SignedIn = Annotated[Reader, Depends(current_reader)]
SignedInAtAll = Annotated[Reader, Depends(current_reader_at_all)]
