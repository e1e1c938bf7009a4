"""What a door keeps of a reporter: their record and the personal answers, sealed under a key of their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.access import keys_of
from infra.keys.ring import WrappedKey
from infra.keys.sealing import Contact, seal
from infra.keys.vault import Vault
from infra.objects import ObjectsAway
from infra.store.reporters import insert_reporter, read_reporter
from infra.store.sealed_answers import Key, find_key, make_key, seal_given
from models.answers import answers_key
from models.errors import KeysAway, StoreAway
from models.ids import derived_id
from models.messages import CaseStart, Receipt
from models.policy.document import Policy
from models.sealed import Sealed
from rules.questions import private_codes
from services.reports.report_input import KEYED, ReportInput
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SealedReporter:
    sealed: Sealed
    wrapped: WrappedKey


async def seal_reporter(connection: AsyncConnection, report_input: ReportInput, now: datetime) -> SealedReporter | None:
    """Store the reporter's data, sealed, in a table of its own; None for a report without any.

    A report sent again keeps the record of the first time. Raises KeysAway.
    """
    reporter = report_input.reporter
    if reporter is None or (reporter.name is None and reporter.phone is None and reporter.mail is None):
        return None
    reference = derived_id(report_input.report_id, "reporter")
    language = "en" if reporter.tell_by is not None and reporter.language == "en" else None
    contact = Contact(reporter.name, reporter.phone, reporter.mail, reporter.tell_by, language)
    sealed, wrapped = await seal(keys_of(connection), reference, contact)
    if await insert_reporter(connection, sealed, wrapped, anonymous=reporter.anonymous, now=now):
        return SealedReporter(sealed, wrapped)
    stored = await read_reporter(connection, reference)
    if stored is None or stored.sealed is None or stored.wrapped is None:
        raise KeysAway()
    return SealedReporter(stored.sealed, stored.wrapped)


async def seal_answers(
    connection: AsyncConnection,
    report_input: ReportInput,
    start: CaseStart,
    policy: Policy,
    reporter: SealedReporter | None,
    now: datetime,
) -> tuple[CaseStart, SealedReporter | None]:
    """Return the start with its personal answers sealed by the key of the reporter. A report without a contact gets a
    record with nothing but a key. Raises KeysAway; AnswerNotKept where the record was erased.
    """
    report: Any = start.report
    given = report.answers or {}
    private = private_codes(policy, report.category, given)
    if not private:
        return start, reporter
    if reporter is None:
        key = await make_key(connection, report.report_id, anonymous=report.anonymous, now=now)
        if key.made is None:
            raise KeysAway()
        reporter = SealedReporter(*key.made)
    else:
        id_ = reporter.sealed.id
        key = Key(id_, await keys_of(connection).ring.unwrap(reporter.wrapped, id_.bytes))
    changes = {
        "answers": {code: texts for code, texts in given.items() if code not in private},
        "sealed_answers": seal_given(key, {code: given[code] for code in private}),
        "content_hash": report_input.keyed_hash(key.content),
        "reporter_ref": reporter.sealed.id,
        "sealed": reporter.sealed,
    }
    return start.model_copy(update={"report": report.model_copy(update=changes)}), reporter


async def is_same(connection: AsyncConnection, row: Any, report_input: ReportInput) -> bool:
    """Whether the report of a case is this one. With the reporter erased, only the id tells. Raises KeysAway."""
    if not row.content_hash.startswith(KEYED):
        return bool(row.content_hash == report_input.content_hash)
    reference = getattr(row, "reporter_ref", None)  # a case is retired when its reporter is erased
    key = None if reference is None else await find_key(connection, reference)
    return key is None or bool(row.content_hash == report_input.keyed_hash(key.content))


async def keep_key(vault: Vault, id_: UUID, wrapped: WrappedKey) -> None:
    """Write a reporter's key into the vault. Raises StoreAway when it can't be written: a full disk is mended."""
    try:
        await vault.keep(id_, wrapped)
    except ObjectsAway as error:
        log.error("a reporter's key can't be written into the vault", reason=str(error))
        raise StoreAway() from error


async def keep_missing_key(resources: Resources, report_input: ReportInput, receipt: Receipt) -> None:
    """Write the key of the reporter of a known report, if the vault lacks it: it could not be written the first time,
    and so the report was not acknowledged. Raises StoreAway."""
    if report_input.reporter is not None:
        reference = derived_id(report_input.report_id, "reporter")
    elif receipt.content_hash is not None and receipt.content_hash.startswith(KEYED):
        reference = answers_key(report_input.report_id)
    else:
        return
    vault = keys_of(resources.engine).vault
    try:
        if await vault.has(reference):
            return
    except KeysAway as error:
        raise StoreAway() from error
    async with resources.engine.connect() as connection:
        stored = await read_reporter(connection, reference)
    if stored is not None and stored.wrapped is not None:
        await keep_key(vault, reference, stored.wrapped)
