"""Progress codes (查询码): with one, a reporter without an account follows, rates and asks to reopen their report.

A code is ten characters of Crockford's alphabet, which has no look-alikes: fifty bits, derived from the report's id and
a secret, so that a form posted twice gets the same code. Only its hash is stored.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Settings
from infra.store.cases import read_case, read_facts
from infra.store.context import filter_pictures
from models.base import Frozen, Instant
from models.case import Case
from models.enums import Outcome, Stage
from models.errors import NoSuchPage, WrongCode
from models.facts import (
    Closed,
    Dispatched,
    ExtensionGranted,
    Fact,
    InfoRequested,
    Redispatched,
    ReviewPassed,
    SuspensionGranted,
    Transferred,
)
from models.phone import phone_tail
from models.views import Told
from rules.life_cycle import obstacle
from rules.result_evidence import result_evidence
from services.cases.names import Names, read_names
from services.cases.told import read_told

#: Crockford's Base32: no I, L, O or U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
#: Look-alikes that people type, and the characters they stand for.
_LOOK_ALIKES = str.maketrans("ILO", "110")
#: How long after archiving a code still works.
VALID_AFTER_ARCHIVING = timedelta(days=365)
#: How many photos are shown of a result that was released as a whole, and how long the address of one is valid.
MAX_PHOTOS = 4
PHOTO_VALID_FOR = timedelta(hours=1)


class ProgressUpdate(Frozen):
    """One line of the history, in words that anybody may read."""

    at: Instant
    text: str


class Progress(Frozen):
    """Everything that a code shows: nobody's name, no phone, no inner note, no house number.

    `tail`: the last digits of the case's number. `expected_by`: None once closed, or while the clock stands still.
    `reached`: how many of the five stages have been entered. `question`: the open question to the reporter. `told`: the
    answer and the reasons; of a case merged into another, those of the other. `supervisor_decides`: who decides whether
    it is reopened: the desk the first time, a supervisor from then on. `photos`: the hashes of photos of the result,
    where the reviewer has released them.
    """

    tail: str
    category: str
    place: str
    stage: Stage
    outcome: Outcome | None
    reached: int
    expected_by: Instant | None
    reported_at: Instant
    closed_at: Instant | None
    told: Told
    question: str | None
    may_rate: bool
    may_reopen: bool
    reopen_asked: bool
    supervisor_decides: bool
    rating: int | None
    updates: tuple[ProgressUpdate, ...]
    photos: tuple[str, ...] = ()


def make_code(settings: Settings, report_id: UUID) -> str:
    """Return the code of a report, written in two groups of five."""
    digest = _keyed(settings, b"progress-code", report_id.bytes)
    number = int.from_bytes(digest[:8])
    characters = "".join(ALPHABET[number >> (5 * position) & 31] for position in range(LENGTH))
    return f"{characters[:5]}-{characters[5:]}"


def normalize_code(code: str) -> str:
    """Return the code as typed, without spaces and dashes, look-alikes corrected; it may not exist."""
    return "".join(char for char in code.upper() if char.isalnum()).translate(_LOOK_ALIKES)[:40]


async def issue_code(
    connection: AsyncConnection, settings: Settings, report_id: UUID, phone: str | None, now: datetime
) -> str:
    """Store the report's code and return it; with a `phone`, its last four digits are required besides.

    Repeating it returns the same code.
    """
    code = make_code(settings, report_id)
    await connection.execute(
        text(
            "INSERT INTO progress_codes (code_hash, report_id, phone_hash, made_at)"
            " VALUES (:hash, :report, :phone, :now) ON CONFLICT (report_id) DO NOTHING"
        ),
        {"hash": _hash(settings, code), "report": report_id, "phone": _phone_hash(settings, code, phone), "now": now},
    )
    return code


async def find_report(
    connection: AsyncConnection, settings: Settings, code: str, phone_tail: str, now: datetime
) -> UUID:
    """Return the report of a code. Raises WrongCode for an unknown code and for wrong digits alike."""
    row = (
        await connection.execute(
            text("SELECT report_id, phone_hash FROM progress_codes WHERE code_hash = :hash"),
            {"hash": _hash(settings, code)},
        )
    ).one_or_none()
    given = _phone_hash(settings, code, phone_tail) or ""
    if row is None or not hmac.compare_digest(row.phone_hash or given, given):
        raise WrongCode()
    return UUID(str(row.report_id))


async def read_progress(connection: AsyncConnection, report_id: UUID, now: datetime, language: str) -> Progress | None:
    """Return what the code shows; None while the report is accepted and not yet recorded.

    Raises WrongCode once the code has expired.
    """
    case = await read_case(connection, report_id)
    if case is None:
        return None
    if case.archived_at is not None and now > case.archived_at + VALID_AFTER_ARCHIVING:
        raise WrongCode()
    facts = await read_facts(connection, report_id)
    names = await read_names(connection, [case], language)
    found = _progress(case, facts, names)
    told, photos = await read_told(connection, case, facts), await filter_pictures(connection, found.photos)
    return found.model_copy(update={"told": told, "photos": photos})


def _progress(case: Case, facts: Sequence[Fact], names: Names) -> Progress:
    closed = case.stage is Stage.CLOSED
    deadline = case.whole or case.clock
    return Progress(
        tail=case.case_no[-6:],
        category=names.category(case.category),
        place=" · ".join(names.units.get(code, code) for code in case.grid_path[:3]),
        stage=case.stage,
        outcome=case.outcome,
        reached=5 if closed else list(Stage).index(case.stage) + 1,
        expected_by=None if closed or deadline is None else deadline.due_at,
        reported_at=case.reported_at,
        closed_at=case.closed_at,
        told=Told(),
        question=_question(case, facts),
        may_rate=obstacle(case, "rate") is None,
        may_reopen=obstacle(case, "request_reopen") is None and not _asked_before(facts),
        reopen_asked=case.reopen_request is not None,
        supervisor_decides=case.reopenings > 0,
        rating=case.rating,
        updates=tuple(_updates(facts, names)),
        photos=_released(facts) if closed else (),
    )


def _released(facts: Sequence[Fact]) -> tuple[str, ...]:
    """Return the evidence of the result, as far as the review that accepted it released it."""
    last = next((n for n in range(len(facts) - 1, -1, -1) if isinstance(facts[n].body, ReviewPassed)), None)
    if last is None:
        return ()
    passed, result = facts[last].body, result_evidence(facts[:last])
    assert isinstance(passed, ReviewPassed)
    if passed.released:
        return result[:MAX_PHOTOS]
    return tuple(sha256 for sha256 in result if sha256 in passed.released_photos)


def _question(case: Case, facts: Sequence[Fact]) -> str | None:
    if case.info_request is None:
        return None
    return next((fact.body.question for fact in reversed(facts) if isinstance(fact.body, InfoRequested)), None)


def _asked_before(facts: Sequence[Fact]) -> bool:
    """Return whether a reopening was asked for since the case was closed last: asked once, decided once."""
    since_closed = takewhile(lambda fact: not isinstance(fact.body, Closed), reversed(facts))
    return any(fact.body.kind == "reopen_requested" for fact in since_closed)


#: The public text of a fact, in both languages; facts that are not listed stay internal.
_UPDATE_TEXTS: dict[str, tuple[str, str]] = {
    "received": ("已收到您的反映", "Your report has been received"),
    "accepted": ("已受理", "It has been accepted"),
    "info_requested": ("请您补充信息", "You are asked for information"),
    "info_supplied": ("已收到补充信息", "The information has been received"),
    "self_closed": ("网格员已现场处理,等待核查", "A grid worker has settled it on the spot; a check follows"),
    "verification_requested": ("已安排网格员现场核实", "A grid worker has been asked to look at the place"),
    "verification_reported": ("网格员已到现场核实", "A grid worker has looked at the place"),
    "dispatched": ("已派给{host}办理", "It has been assigned to {host}"),
    "redispatched": ("已改由{host}办理", "It has been reassigned to {host}"),
    "transferred": ("已转由{host}办理", "It has been passed on to {host}"),
    "recalled": ("正在重新确定承办部门", "Another department is being chosen"),
    "return_granted": ("正在重新确定承办部门", "Another department is being chosen"),
    "sent_back": ("退回受理台重新审核", "It is being examined again"),
    "claimed": ("承办人员已开始办理", "Work on it has begun"),
    "completed": ("办理完毕,等待核查", "The work is done; a check follows"),
    "aborted": ("拟终止办理,等待核查", "Handling is to be ended; a check follows"),
    "unmerged": ("已单独办理", "It is handled on its own again"),
    "review_failed": ("核查未通过,继续办理", "The check did not pass; work continues"),
    "extension_granted": ("办理期限延长至{day}", "The deadline has been moved to {day}"),
    "suspension_granted": ("因客观条件暂缓办理,到{day}恢复", "Postponed until {day} for external reasons"),
    "resumed": ("恢复办理", "Work continues"),
    "reopen_requested": ("已收到您的“仍未解决”反馈", "Your feedback that it is not solved has been received"),
    "reopened": ("已重新办理", "It has been reopened"),
    "reopen_refused": ("经复核,不再重新办理", "It was reviewed again and stays closed"),
    "rated": ("感谢您的评价", "Thank you for your rating"),
}
_OUTCOME_TEXTS: dict[Outcome, tuple[str, str]] = {
    Outcome.SOLVED: ("已办结", "It is solved"),
    Outcome.REJECTED: ("不予受理", "It was not accepted"),
    Outcome.ABORTED: ("已终止办理", "It was ended without a result"),
    Outcome.MERGED: ("与同一事项合并办理", "It is handled together with another report of the same matter"),
    Outcome.WITHDRAWN: ("已撤回", "It has been withdrawn"),
    Outcome.VOIDED: ("已作废", "It has been voided"),
}


def _updates(facts: Sequence[Fact], names: Names) -> list[ProgressUpdate]:
    """Return the updates, the newest first."""
    language = 1 if names.language.startswith("en") else 0
    updates = []
    for fact in facts:
        texts = (
            _OUTCOME_TEXTS[fact.body.outcome] if isinstance(fact.body, Closed) else _UPDATE_TEXTS.get(fact.body.kind)
        )
        within_department = isinstance(fact.body, Transferred) and fact.body.to_person is not None
        if texts is not None and not within_department:
            updates.append(ProgressUpdate(at=fact.at, text=texts[language].format(**_parameters(fact, names))))
    return updates[::-1]


def _parameters(fact: Fact, names: Names) -> dict[str, str]:
    match fact.body:
        case Dispatched(host=host) | Redispatched(host=host) | Transferred(to_department=host):
            return {"host": names.department(host)}
        case ExtensionGranted(due_at=moment) | SuspensionGranted(until=moment):
            return {"day": f"{moment.astimezone(ZoneInfo(names.policy.zone)):%Y-%m-%d}"}
        case _:
            return {}


def make_photo_token(settings: Settings, sha256: str, now: datetime) -> str:
    """Return the token in the address of a released photo: valid for `PHOTO_VALID_FOR`, and for this photo alone."""
    until = int((now + PHOTO_VALID_FOR).timestamp())
    return f"{sha256}.{until}.{_signature(settings, sha256, until)}"


def read_photo_token(settings: Settings, token: str, now: datetime) -> str:
    """Return the hash of the photo that the token is for. Raises NoSuchPage for a token that is forged or expired."""
    sha256, _, rest = token.partition(".")
    until, _, signature = rest.partition(".")
    well_formed = until.isascii() and until.isdigit() and len(until) < 12 and signature.isascii()
    if not well_formed or not hmac.compare_digest(signature, _signature(settings, sha256, int(until))):
        raise NoSuchPage(what="photo")
    if now.timestamp() > int(until):
        raise NoSuchPage(what="photo")
    return sha256


def _signature(settings: Settings, sha256: str, until: int) -> str:
    return _keyed(settings, b"progress-photo", f"{sha256}:{until}".encode()).hex()[:32]


def _hash(settings: Settings, code: str) -> str:
    return _keyed(settings, b"progress-hash", normalize_code(code).encode()).hex()


def _phone_hash(settings: Settings, code: str, phone: str | None) -> str | None:
    """Return the hash of the last four digits with the code, so that equal digits of two reports differ; None for no
    phone.
    """
    digits = phone_tail(phone or "")
    return _keyed(settings, b"progress-phone", f"{normalize_code(code)}:{digits}".encode()).hex() if digits else None


def _keyed(settings: Settings, purpose: bytes, content: bytes) -> bytes:
    secret = settings.token_secret.get_secret_value().encode()
    return hmac.new(secret, purpose + b"\0" + content, hashlib.sha256).digest()
