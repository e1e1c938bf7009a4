"""The addresses at which somebody is told: given, verified by a code that is sent there, taken away.

A code is good for `CODE_LIFE` and `MOST_TRIES` tries; of codes only a keyed hash is stored.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints, TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.service import RPCError

from infra.database import transaction
from infra.keys.boxes import Box
from infra.send_client import begin_send
from infra.store.mail.addresses import insert_address, list_addresses, open_address
from models.base import Given, Line
from models.channels import PersonsMail
from models.context import Person
from models.errors import AddressTaken, InputError, NoSuchAddress, NoSuchChannel, StoreAway, WrongAddressCode
from models.ids import derived_id, new_id
from models.phone import clean_phone
from models.sends import ChannelKind, Message, Purpose, Route, Send, Urgency
from services.accounts.limits import Limit
from services.mailboxes.choices import WITH_CODE, ChannelChoice, chosen_language, read_channels
from services.runtime.resources import Resources
from services.wording.mailboxes import message_text

#: How long a code is good, how often one may be tried, and how many addresses somebody may have (our choice).
CODE_LIFE, MOST_TRIES, MOST_ADDRESSES = timedelta(minutes=15), 5, 8
#: Per person: codes that are sent.
CODES = Limit("mail_codes", 10)
_MAIL: TypeAdapter[str] = TypeAdapter(PersonsMail)
_MOBILE = re.compile(r"\+?[0-9]{8,15}")

_READ = text("""
    SELECT a.id, a.channel, c.kind, a.verified_at, a.sealed, a.wrapped_key, a.key_id, a.code, a.code_until, a.tries
    FROM mail_addresses a JOIN channels c ON c.id = a.channel WHERE a.id = :id AND a.person = :person FOR UPDATE OF a
""")
_CODE = text("UPDATE mail_addresses SET code = :code, code_until = :until, tries = 0 WHERE id = :id")
_VERIFY = text("UPDATE mail_addresses SET verified_at = :now, code = NULL, code_until = NULL WHERE id = :id")
_TRIED = text("UPDATE mail_addresses SET tries = tries + 1 WHERE id = :id")
_DELETE = text("DELETE FROM mail_addresses WHERE id = :id AND person = :person")
_LOCK = text("SELECT 1 FROM people WHERE id = :person FOR UPDATE")


class NewAddress(Given):
    """An address to be told at, in a channel; empty for channels that need none."""

    channel: Annotated[Line, StringConstraints(min_length=1, max_length=40)]
    address: Annotated[Line, StringConstraints(max_length=320)] = ""


class CodeGiven(Given):
    """The code that was sent to an address."""

    code: Annotated[Line, StringConstraints(min_length=1, max_length=20)]


async def add_address(resources: Resources, person: Person, wanted: NewAddress, now: datetime) -> UUID:
    """Store an address and send a code to it, where its channel needs one; return its id.

    Raises NoSuchChannel, InputError, AddressTaken, TooManyAttempts, KeysAway, StoreAway.
    """
    async with transaction(resources.engine) as connection:
        await connection.execute(_LOCK, {"person": person.id})
        channel = next((one for one in await read_channels(connection) if one.id == wanted.channel), None)
        if channel is None:
            raise NoSuchChannel(channel=wanted.channel, pointer="/channel")
        address = _checked(channel, wanted.address)
        # The same address of the same person has the same id.
        id_ = derived_id("mail address", person.id, channel.id, address)
        known = await list_addresses(connection, person.id)
        if any(one.id == id_ for one in known):
            raise AddressTaken(pointer="/address")
        if len(known) >= MOST_ADDRESSES:
            raise InputError(
                why_zh=f"最多 {MOST_ADDRESSES} 个接收方式", why_en=f"{MOST_ADDRESSES} addresses at most",
                pointer="/address",
            )  # fmt: skip
        verified = not channel.needs_address
        await insert_address(
            connection, id_, person.id, channel.id, address, hint_of(channel.kind, address), now=now, verified=verified
        )
    if channel.needs_address:
        await send_code(resources, person, id_, now)
    return id_


async def send_code(resources: Resources, person: Person, id_: UUID, now: datetime) -> None:
    """Send a new code to an address that is not verified; the earlier code is no longer good.

    Raises NoSuchAddress, TooManyAttempts, KeysAway, StoreAway.
    """
    await CODES.use(resources.engine, str(person.id), now)
    code = f"{secrets.randbelow(1_000_000):06}"
    async with transaction(resources.engine) as connection:
        row = await _read(connection, person, id_)
        if row.verified_at is not None or row.sealed is None:
            raise NoSuchAddress()
        address = await open_address(connection, id_, Box(row.sealed, row.wrapped_key, row.key_id))
        language = await chosen_language(connection, person.id)
        await connection.execute(
            _CODE, {"id": id_, "code": _hash(resources, id_, code), "until": now + CODE_LIFE}
        )  # fmt: skip
    minutes = int(CODE_LIFE / timedelta(minutes=1))
    message = Message(
        title=message_text("code", language, code=code),
        lines=(message_text("code_for", language, code=code, minutes=minutes),),
        urgency=Urgency.URGENT,
        language=language,
    )
    send = Send(
        key=f"code:{new_id()}",
        message=message,
        routes=(Route(channel=row.channel, address=address),),
        purpose=Purpose.NOTICE,
        not_after=now + CODE_LIFE,
    )
    try:
        await begin_send(resources.temporal, send, queue=resources.settings.case_queue)
    except RPCError as error:
        raise StoreAway() from error


async def verify_address(resources: Resources, person: Person, id_: UUID, code: str, now: datetime) -> None:
    """Take an address into use whose code is given. A code counts once; verified again, nothing changes.

    Raises NoSuchAddress; WrongAddressCode, which counts as a try.
    """
    left = 0
    async with transaction(resources.engine) as connection:
        row = await _read(connection, person, id_)
        if row.verified_at is not None:
            return
        good = row.code is not None and row.code_until > now and row.tries < MOST_TRIES
        if good and hmac.compare_digest(bytes(row.code), _hash(resources, id_, code)):
            await connection.execute(_VERIFY, {"id": id_, "now": now})
            return
        await connection.execute(_TRIED, {"id": id_})
        left = max(0, MOST_TRIES - row.tries - 1) if good else 0
    raise WrongAddressCode(left=left, pointer="/code")


async def remove_address(resources: Resources, person: Person, id_: UUID) -> None:
    """Take an address away. Raises NoSuchAddress."""
    async with transaction(resources.engine) as connection:
        done = await connection.execute(_DELETE, {"id": id_, "person": person.id})
    if not done.rowcount:
        raise NoSuchAddress()


def hint_of(kind: ChannelKind, address: str) -> str:
    """Return what is shown of an address: enough to tell it from one's others."""
    if kind is ChannelKind.MAIL:
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}***@{domain}"
    return f"{address[:3]}****{address[-4:]}" if len(address) > 7 else "****" if address else ""


def _checked(channel: ChannelChoice, address: str) -> str:
    """Return the address in its one form. Raises InputError."""
    if channel.kind not in WITH_CODE:
        return ""
    value = address.strip() if channel.kind is ChannelKind.MAIL else clean_phone(address)
    if channel.kind is ChannelKind.MAIL:
        name, at, domain = value.rpartition("@")
        value = f"{name}{at}{domain.lower()}"
        try:
            return _MAIL.validate_python(value)
        except ValidationError:
            why = ("不是电子邮箱地址", "this is no mail address")
            raise InputError(why_zh=why[0], why_en=why[1], pointer="/address") from None
    if not _MOBILE.fullmatch(value):
        raise InputError(why_zh="不是手机号码", why_en="this is no number of a mobile phone", pointer="/address")
    return value


def _hash(resources: Resources, id_: UUID, code: str) -> bytes:
    key = resources.settings.token_secret.get_secret_value().encode()
    return hmac.digest(key, b"mail code" + id_.bytes + code.strip().encode(), hashlib.sha256)


async def _read(connection: AsyncConnection, person: Person, id_: UUID):  # type: ignore[no-untyped-def]
    row = (await connection.execute(_READ, {"id": id_, "person": person.id})).one_or_none()
    if row is None:
        raise NoSuchAddress()
    return row
