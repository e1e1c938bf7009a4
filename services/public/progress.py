"""What a progress code shows of a report: in words that anybody may read, and as it stands now.

A case that was merged is followed where it is handled: with its lead.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import read_case, read_facts
from infra.store.context import filter_pictures
from models.base import Frozen, Instant
from models.case import Case
from models.enums import Outcome, Stage
from models.errors import WrongCode
from models.facts import (
    Closed,
    Dispatched,
    ExtensionGranted,
    Fact,
    InfoRequested,
    InfoSupplied,
    Redispatched,
    ReviewPassed,
    SuspensionGranted,
    Transferred,
)
from models.views import AnswerView, Told
from rules.deadlines.expectation import expected_end
from rules.life_cycle import obstacle
from rules.result_evidence import result_evidence
from rules.scope import speaks_by_code
from services.cases.answers import public_answers
from services.cases.course import course_of
from services.cases.names import Names, read_names
from services.cases.proof import read_proof
from services.cases.told import read_told

#: How long after archiving a code still works.
VALID_AFTER_ARCHIVING = timedelta(days=365)
#: How many photos are shown of a result that was released as a whole.
MAX_PHOTOS = 4
#: The ends that leave a reporter something unsolved; the others were wanted, or are no matter of the reporter's.
_REOPENED_BY_REPORTERS = frozenset({Outcome.SOLVED, Outcome.ABORTED, Outcome.REJECTED})
#: Facts between the desk and one reporter, of which the reporters of merged cases are not told.
OF_THE_REPORTER = frozenset({"info_requested", "info_supplied", "rated", "reopen_requested", "reopen_refused"})


class ProgressUpdate(Frozen):
    """One line of the history, in words that anybody may read."""

    at: Instant
    text: str


class Progress(Frozen):
    """Everything that a code shows: nobody's name, no phone, no inner note, no house number.

    `tail`: the last digits of the case's number. `accept_by`: before acceptance, when that is decided at the latest;
    from then on `expected_by` says when the whole matter is to be over. Both None once closed, or while the clock
    stands still. `merged`: it is handled with another report, whose course this is. `turn`: the number of the fact to
    which the reporter can now say something, a question or the end; the same words count again at another turn.
    `course`: the stages that it has passed through and those to come, without those that it never was in. `proof`: the
    proof code of the case's last fact. `question`: the open question to the reporter, to be answered by `answer_by`.
    `told`: the answer and the reasons; of a case merged into another, those of the other. `supervisor_decides`: who
    decides whether it is reopened: the desk the first time, a supervisor from then on. `photos`: the hashes of photos
    of the result, where the reviewer has released them. `answers`: to the questions whose answers are public.
    """

    tail: str
    proof: str | None = None
    category: str
    place: str
    stage: Stage
    outcome: Outcome | None
    course: tuple[Stage, ...]
    accept_by: Instant | None
    expected_by: Instant | None
    merged: bool
    turn: int
    reported_at: Instant
    closed_at: Instant | None
    told: Told
    question: str | None
    answer_by: Instant | None
    may_rate: bool
    may_reopen: bool
    reopen_asked: bool
    supervisor_decides: bool
    rating: int | None
    updates: tuple[ProgressUpdate, ...]
    photos: tuple[str, ...] = ()
    answers: tuple[AnswerView, ...] = ()


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
    lead = await _read_lead(connection, case)
    names = await read_names(connection, [case] if lead is None else [case, lead[0]], language)
    found = _progress(case, facts, names) if lead is None else _merged_progress(case, facts, *lead, names)
    told, photos = await read_told(connection, case, facts), await filter_pictures(connection, found.photos)
    proof = await read_proof(connection, report_id, case.seq)
    answers = public_answers(case, language)
    return found.model_copy(update={"told": told, "photos": photos, "proof": proof, "answers": answers})


def _progress(case: Case, facts: Sequence[Fact], names: Names) -> Progress:
    closed, speaks = case.stage is Stage.CLOSED, speaks_by_code(case)
    told = facts if speaks else [fact for fact in facts if fact.body.kind not in OF_THE_REPORTER]
    return Progress(
        tail=case.case_no[-6:],
        category=names.category(case.category),
        place=" · ".join(names.units.get(code, code) for code in case.grid_path[:3]),
        stage=case.stage,
        outcome=case.outcome,
        course=course_of(case.stage, (fact.body.kind for fact in facts)),
        accept_by=case.clock.due_at if case.stage is Stage.RECEIVE and case.clock is not None else None,
        expected_by=expected_end(case, names.policy),
        merged=False,
        turn=turn_of(facts),
        reported_at=case.reported_at,
        closed_at=case.closed_at,
        told=Told(),
        question=_question(case, facts) if speaks else None,
        answer_by=case.info_request.until if speaks and case.info_request is not None else None,
        may_rate=speaks and obstacle(case, "rate") is None,
        may_reopen=speaks
        and case.outcome in _REOPENED_BY_REPORTERS
        and obstacle(case, "request_reopen") is None
        and not _asked_before(facts),
        reopen_asked=speaks and case.reopen_request is not None,
        supervisor_decides=case.reopenings > 0,
        rating=case.rating if speaks else None,
        updates=tuple(public_updates(told, names)),
        photos=released_photos(facts) if closed else (),
    )


def turn_of(facts: Sequence[Fact]) -> int:
    """Return the number of the last question to the reporter, or of the last end of the case; 0 before either."""
    return next((fact.seq for fact in reversed(facts) if isinstance(fact.body, InfoRequested | Closed)), 0)


async def _read_lead(connection: AsyncConnection, case: Case) -> tuple[Case, tuple[Fact, ...]] | None:
    """Return the case with which a merged case is handled, with its facts; None for a case that stands by itself."""
    if case.outcome is not Outcome.MERGED or case.merged_at_stage is None:
        return None
    lead = await read_case(connection, case.merged_at_stage.lead)
    if lead is None:
        return None
    return await _read_lead(connection, lead) or (lead, await read_facts(connection, lead.report_id))


def _merged_progress(
    case: Case, facts: Sequence[Fact], lead: Case, lead_facts: Sequence[Fact], names: Names
) -> Progress:
    """Return the progress of a merged case: its own until then, that of its lead since, without what concerns only the
    lead's own reporter.
    """
    own, followed = _progress(case, facts, names), _progress(lead, lead_facts, names)
    shared = shared_facts(case, lead_facts)
    return followed.model_copy(
        update={
            "tail": own.tail, "category": own.category, "place": own.place, "reported_at": own.reported_at,
            "merged": True, "turn": own.turn, "question": None, "answer_by": None, "may_rate": False,
            "may_reopen": False, "reopen_asked": False, "rating": None,
            "updates": (*public_updates(shared, names), *own.updates),
        }
    )  # fmt: skip


def shared_facts(case: Case, lead_facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts of the case that a merged case follows, since it was merged, without what concerns only the
    other's own reporter."""
    if case.merged_at_stage is None:
        return ()
    since = case.merged_at_stage.merged_at
    return tuple(fact for fact in lead_facts if fact.at >= since and fact.body.kind not in OF_THE_REPORTER)


def released_photos(facts: Sequence[Fact]) -> tuple[str, ...]:
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
#: Of a question that nobody answered in time, or that was no longer needed.
_UNANSWERED = ("未收到补充,按已有情况办理", "No information came; it is handled as it stands")
#: What the end of a case is called for everybody.
OUTCOME_TEXTS: dict[Outcome, tuple[str, str]] = {
    Outcome.SOLVED: ("已办结", "It is solved"),
    Outcome.REJECTED: ("不予受理", "It was not accepted"),
    Outcome.ABORTED: ("已终止办理", "It was ended without a result"),
    Outcome.MERGED: ("与同一事项合并办理", "It is handled together with another report of the same matter"),
    Outcome.WITHDRAWN: ("已撤回", "It has been withdrawn"),
    Outcome.VOIDED: ("已作废", "It has been voided"),
}


def public_updates(facts: Sequence[Fact], names: Names) -> list[ProgressUpdate]:
    """Return what the facts tell everybody, the newest first."""
    told = [(fact.at, public_text(fact, names)) for fact in facts]
    return [ProgressUpdate(at=at, text=text) for at, text in told if text is not None][::-1]


#: The kinds of facts that may tell everybody something.
PUBLIC_KINDS = frozenset({*_UPDATE_TEXTS, "closed"})


def public_text(fact: Fact, names: Names) -> str | None:
    """Return what a fact tells everybody, in the language of `names`; None for one that stays internal."""
    texts = OUTCOME_TEXTS[fact.body.outcome] if isinstance(fact.body, Closed) else _UPDATE_TEXTS.get(fact.body.kind)
    if isinstance(fact.body, InfoSupplied) and fact.actor.person is None:
        texts = _UNANSWERED
    within_department = isinstance(fact.body, Transferred) and fact.body.to_person is not None
    if texts is None or within_department:
        return None
    return texts[1 if names.language.startswith("en") else 0].format(**_parameters(fact, names))


def _parameters(fact: Fact, names: Names) -> dict[str, str]:
    match fact.body:
        case Dispatched(host=host) | Redispatched(host=host) | Transferred(to_department=host):
            return {"host": names.department(host)}
        case ExtensionGranted(due_at=moment) | SuspensionGranted(until=moment):
            return {"day": f"{moment.astimezone(ZoneInfo(names.policy.zone)):%Y-%m-%d}"}
        case _:
            return {}
