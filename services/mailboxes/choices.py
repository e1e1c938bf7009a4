"""What somebody chose about messages outside the pages, beside what the policy leaves no choice about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import Field, StringConstraints
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.mail.addresses import Address, list_addresses, order_addresses
from infra.store.mail.read import read_choices
from infra.store.policies import newest_version, policy_version
from models.base import Frozen, Given, Line, WrittenInstant
from models.context import Person
from models.errors import InputError
from models.mailbox import MailSettings, Mute
from models.policy.notifications import Cap, Ground
from models.quiet_hours import QuietHours
from models.sends import ChannelKind
from services.accounts.preferences import read_settings, save_settings
from services.wording.mailboxes import DEFAULT_LANGUAGE, GROUNDS

#: The kinds of channels that are for people; the others take events.
FOR_PEOPLE = (
    ChannelKind.MAIL, ChannelKind.SMS, ChannelKind.PUSH, ChannelKind.WECOM, ChannelKind.DINGTALK, ChannelKind.FEISHU,
)  # fmt: skip
#: Those whose address is verified by a code.
WITH_CODE = (ChannelKind.MAIL, ChannelKind.SMS)

_CHANNELS = text("SELECT id, kind, name FROM channels WHERE enabled AND kind = ANY (:kinds) ORDER BY name, id")
_SAVE = text("""
    INSERT INTO mail_settings (person, content, updated_at) VALUES (:person, CAST(:content AS jsonb), :now)
    ON CONFLICT (person) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
""")


class ChannelChoice(Frozen):
    """A channel that one may be told by. `needs_address`: a mail address or a phone number, verified by a code."""

    id: str
    kind: ChannelKind
    name: str
    needs_address: bool


class Fixed(Frozen):
    """Something that is always told at once, and why nobody can switch it off."""

    ground: Ground
    what: str


class PolicySays(Frozen):
    """What the policy says: the minimum, and what holds where one chose nothing."""

    minimum: tuple[Fixed, ...]
    reason: str
    zone: str
    digest_minutes: int
    longest_digest_minutes: int
    second_minutes: int
    quiet: QuietHours | None
    caps: dict[str, tuple[Cap, ...]]


class MuteGiven(Given):
    """What somebody wants to hear nothing of, until when; None: for good."""

    number: Annotated[Line, StringConstraints(min_length=1, max_length=60)] | None = None
    what: Annotated[Line, StringConstraints(min_length=1, max_length=60)] | None = None
    until: WrittenInstant | None = None


class AddressOrder(Given):
    """An address at its place in the order; `off`: it is not used for now."""

    id: UUID
    off: bool = False


class Choices(Given):
    """What somebody chooses. `addresses`: their addresses in the order in which they are tried; None: as they are.

    `language`: in which messages are written; None: in Chinese.
    """

    on: bool = True
    language: Literal["zh", "en"] | None = None
    quiet: QuietHours | None = None
    rest_days: bool = False
    zone: Annotated[str, StringConstraints(max_length=60)] | None = None
    digest_minutes: Annotated[int, Field(ge=0, le=1440)] | None = None
    second_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    mutes: Annotated[tuple[MuteGiven, ...], Field(max_length=100)] = ()
    addresses: Annotated[tuple[AddressOrder, ...], Field(max_length=20)] | None = None


class Notifications(Frozen):
    """How somebody is told outside the pages: what they chose, their addresses, the channels there are, the policy."""

    on: bool
    language: Literal["zh", "en"] | None
    quiet: QuietHours | None
    rest_days: bool
    zone: str | None
    digest_minutes: int | None
    second_minutes: int | None
    mutes: tuple[Mute, ...]
    addresses: tuple[Address, ...]
    channels: tuple[ChannelChoice, ...]
    policy: PolicySays


async def read_notifications(connection: AsyncConnection, person: Person, language: str) -> Notifications:
    """Return how the person is told outside the pages. Raises NoPolicy while none is published."""
    policy = await policy_version(connection, await newest_version(connection))
    rules = policy.notifications
    settings, quiet = await read_choices(connection, person.id, policy)
    channels = await read_channels(connection)
    index = 1 if language.startswith("en") else 0
    return Notifications(
        on=settings.on,
        language=settings.language,
        quiet=quiet,
        rest_days=settings.rest_days,
        zone=settings.zone,
        digest_minutes=settings.digest_minutes,
        second_minutes=settings.second_minutes,
        mutes=settings.mutes,
        addresses=await list_addresses(connection, person.id),
        channels=channels,
        policy=PolicySays(
            minimum=tuple(Fixed(ground=ground, what=GROUNDS[ground][index]) for ground in rules.minimum),
            reason=(
                "由策略规定,个人不能关闭:这些事项随时立即告知。",
                "Set by the policy: these are told at once, always.",
            )[index],
            zone=policy.zone,
            digest_minutes=rules.digest_minutes,
            longest_digest_minutes=rules.longest_digest_minutes,
            second_minutes=rules.second_minutes,
            quiet=rules.quiet,
            caps={channel.kind.value: rules.caps_of(channel.kind.value) for channel in channels},
        ),
    )


async def chosen_language(connection: AsyncConnection, person: UUID) -> Literal["zh", "en"]:
    """Return in which language somebody gets messages."""
    policy = await policy_version(connection, await newest_version(connection))
    settings, _ = await read_choices(connection, person, policy)
    return settings.language or DEFAULT_LANGUAGE


async def read_channels(connection: AsyncConnection) -> tuple[ChannelChoice, ...]:
    """Return the channels that people may be told by."""
    rows = await connection.execute(_CHANNELS, {"kinds": [kind.value for kind in FOR_PEOPLE]})
    return tuple(
        ChannelChoice(id=row.id, kind=row.kind, name=row.name, needs_address=row.kind in WITH_CODE) for row in rows
    )


async def save_notifications(connection: AsyncConnection, person: Person, choices: Choices, now: datetime) -> None:
    """Store what the person chose, in the caller's transaction.

    Raises InputError: no such time zone, a digest interval longer than the policy's, an address of somebody else.
    """
    policy = await policy_version(connection, await newest_version(connection))
    longest = policy.notifications.longest_digest_minutes
    if choices.digest_minutes is not None and choices.digest_minutes > longest:
        raise InputError(
            why_zh=f"合并间隔最长 {longest} 分钟", why_en=f"a digest interval is {longest} minutes at most",
            pointer="/digest_minutes",
        )  # fmt: skip
    if choices.zone is not None and choices.zone not in available_timezones():
        raise InputError(
            why_zh=f"没有时区“{choices.zone}”", why_en=f"there is no time zone “{choices.zone}”", pointer="/zone"
        )
    if choices.addresses is not None:
        await _order(connection, person, choices.addresses)
    settings = MailSettings(
        on=choices.on,
        language=choices.language,
        zone=choices.zone,
        rest_days=choices.rest_days,
        digest_minutes=choices.digest_minutes,
        second_minutes=choices.second_minutes,
        mutes=tuple(Mute(number=mute.number, what=mute.what, until=mute.until) for mute in choices.mutes),
    )
    content = settings.model_dump_json()
    await connection.execute(_SAVE, {"person": person.id, "content": content, "now": now})
    current = await read_settings(connection, person)
    await save_settings(connection, person, current.model_copy(update={"quiet": choices.quiet}), now)


async def _order(connection: AsyncConnection, person: Person, wanted: Sequence[AddressOrder]) -> None:
    known = {address.id for address in await list_addresses(connection, person.id)}
    if {one.id for one in wanted} != known or len(wanted) != len(known):
        raise InputError(
            why_zh="接收方式须逐一列出,不多不少", why_en="name each of your addresses once", pointer="/addresses"
        )
    await order_addresses(connection, person.id, [(one.id, one.off) for one in wanted])
