"""Seal the personal answers of a command before it leaves its door: no history and no digest tells them."""

from collections.abc import Collection, Mapping
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database import transaction
from infra.keys.access import keys_of
from infra.objects import ObjectsAway
from infra.store.policies import policy_version
from infra.store.sealed_answers import WITH_ANSWERS, Key, find_key, make_key, need_key, seal_given
from models.case import Case
from models.commands import HumanCommand
from models.errors import StoreAway
from models.messages import Act, command_digest
from models.policy.questions import Reading
from rules.questions import private_codes
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)


def given_answers(command: HumanCommand) -> Mapping[str, tuple[str, ...]]:
    """Return the answers that a command brings; empty for one that brings none."""
    return (command.answers or {}) if isinstance(command, WITH_ANSWERS) else {}


async def private_answers(connection: AsyncConnection, case: Case, command: HumanCommand) -> Collection[str]:
    """Return the questions whose answers are to be sealed.

    By the policy of the case and not by its category, which may have changed when a command is sent again.
    """
    given = given_answers(command)
    if not given:
        return ()
    personal = {answer.question for answer in case.answers if answer.reading is Reading.PERSONAL}
    policy = await policy_version(connection, case.policy_version)
    return private_codes(policy, None, given) | (personal & given.keys())


async def is_same(connection: AsyncConnection, case: Case, message: Act, private: Collection[str], digest: str) -> bool:
    """Whether a recorded command with that digest is this one. With the reporter erased, nothing but the id can tell.
    Raises KeysAway.
    """
    if digest == command_digest(message.command):  # also one that an earlier version recorded
        return True
    if not private or case.reporter_ref is None:
        return False  # what was recorded had no personal answers
    key = await find_key(connection, case.reporter_ref)
    if key is None:
        return True
    sealed = _sealed(message, key, private)
    return digest == command_digest(sealed.command, sealed.sealed_answers)


async def seal_message(
    resources: Resources, case: Case, message: Act, private: Collection[str], now: datetime
) -> Act:  # fmt: skip
    """Return the message with its private answers sealed by the key of the case's reporter. A case without a reporter's
    record gets one that holds nothing but a key, in the vault as well.

    A message without any stays as it is. Raises KeysAway; AnswerNotKept of an erased reporter;
    StoreAway while the vault can't be written.
    """
    if not private:
        return message
    async with transaction(resources.engine) as connection:
        if case.reporter_ref is not None:
            return _sealed(message, await need_key(connection, case.reporter_ref), private)
        key = await make_key(connection, case.report_id, anonymous=True, now=now)
    if key.made is not None:
        try:
            await keys_of(resources.engine).vault.keep(key.reference, key.made[1])
        except ObjectsAway as error:
            log.error("a reporter's key can't be written into the vault", reason=str(error))
            raise StoreAway() from error
    return _sealed(message, key, private)


def _sealed(message: Act, key: Key, private: Collection[str]) -> Act:
    given = given_answers(message.command)
    rest = {code: texts for code, texts in given.items() if code not in private}
    return message.model_copy(
        update={
            "command": message.command.model_copy(update={"answers": rest}),
            "sealed_answers": seal_given(key, {code: given[code] for code in private}),
        }
    )
