"""One look at a hand-over: what it waits for is done, once; what nobody can know is put on the list for a person.

Before a request goes out, the row says `sending`. Whoever finds that, after a worker was lost, does not know whether
the receiver has the case. A receiver that takes the same key once is sent it again; one that can be asked is asked
first; else it is `uncertain`, and a person settles it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.handover.base import Follows, KeepFile, Offer, Result, Told, Tools
from activities.handover.registry import ADAPTERS
from infra.case_client import NO_ANSWER_ERRORS, act_as_system
from infra.database import is_away, reason, transaction
from infra.keys.access import keys_of
from infra.metrics import HANDOVERS
from infra.outages import DATABASE
from infra.outgoing import outgoing_of
from infra.settings import Settings
from infra.store.cases import read_case, read_facts
from infra.store.handovers import change_handover, read_handover, read_receiver, read_secret
from infra.store.policies import newest_version, policy_version
from models.case import Case
from models.commands import Inform
from models.errors import AlreadyArchived, DomainError
from models.facts import Received
from models.handovers import (
    ADVANCE_HANDOVER_ACTIVITY,
    OVER,
    Handover,
    HandoverOrder,
    HandoverStatus,
    HandoverStep,
    Receiver,
)
from models.ids import derived_id
from models.messages import SystemAct
from models.personal_numbers import mask_numbers
from models.policy.document import Policy
from rules.deadlines.working_time import timetable

log = structlog.get_logger(__name__)

#: Seconds until a failed request is tried again: it doubles from the first to the last (our choice).
FIRST_WAIT, LAST_WAIT = 2.0, 900.0
#: Seconds until something is looked at again that only a person or a moment changes.
LONG_WAIT = 3600.0
#: The most that a far side may make us wait, in seconds (our choice).
LONGEST_TOLD = 86_400.0
#: How long a receiver is told that a case has moved on, before it is left at that (our choice).
TELLING_LASTS = timedelta(days=3)


class HandoverActivities:
    """The activity, bound to the stores and to the guard of outgoing requests."""

    def __init__(self, engine: AsyncEngine, client: Client, settings: Settings, keep_file: KeepFile) -> None:
        self._engine = engine
        self._client = client
        self._tools = Tools(engine, client, settings, outgoing_of(settings), keep_file)

    @activity.defn(name=ADVANCE_HANDOVER_ACTIVITY)
    async def advance(self, order: HandoverOrder) -> HandoverStep:
        """Do what is due for the hand-over. Safe to repeat."""
        try:
            return await self._advance(order.id)
        except (*NO_ANSWER_ERRORS, DomainError) as error:
            raise ApplicationError(type(error).__name__, type="StoreAway", category=_BENIGN) from None
        except Exception as error:
            if not is_away(error):
                raise
            DATABASE.note_away(reason(error), handover=str(order.id))
            raise ApplicationError("the database is away", type="DatabaseAway", category=_BENIGN) from None

    async def _advance(self, id_: UUID) -> HandoverStep:
        now = datetime.now(UTC)
        offer = await self._offer(id_)
        if offer is None or offer.handover.status in OVER:
            return HandoverStep(over=True)
        if offer.handover.departed_at is not None:
            return await self._tell_departed(offer, now)
        offer = await self._alarm(offer, now)
        waits = offer.handover.next_try_at
        if waits is not None and waits > now:
            return _until(offer.handover, waits, now)
        match offer.handover.status:
            case HandoverStatus.WAITING if offer.receiver.draft.enabled:
                return await self._give(offer, now)
            case HandoverStatus.SENDING:
                return await self._find_out(offer, now, "lost")
            case HandoverStatus.SENT:
                return await self._follow(offer, now)
        return _until(offer.handover, now + timedelta(seconds=LONG_WAIT), now)

    async def _offer(self, id_: UUID) -> Offer | None:
        async with self._engine.connect() as connection:
            handover = await read_handover(connection, id_)
            if handover is None:
                return None
            receiver = await read_receiver(connection, handover.receiver)
            case = await read_case(connection, handover.report_id)
            assert receiver is not None, "a receiver with hand-overs stays"
            assert case is not None, "the hand-over refers to its case"
            secret = await read_secret(connection, keys_of(self._engine).ring, receiver.code)
            received = (await read_facts(connection, case.report_id))[0].body
            policy = await policy_version(connection, await newest_version(connection))
            row = await connection.exec_driver_sql(
                "SELECT lat, lon FROM cases WHERE report_id = %(id)s", {"id": case.report_id}
            )
            place = row.one()
            names = await connection.exec_driver_sql(
                "SELECT name FROM grid_units WHERE code = ANY (%(path)s) ORDER BY level", {"path": list(case.grid_path)}
            )
            units = [str(name) for name in names.scalars()]
        assert isinstance(received, Received)
        about = _about(handover, receiver, case, received, policy)
        about["place"] = {"units": units, "lat": place.lat, "lon": place.lon, "datum": "wgs84"}
        base = (self._tools.settings.public_url or "").rstrip("/")
        about["answer_url"] = f"{base}/api/v1/handovers/{handover.id}/answer"
        return Offer(handover, receiver, case, policy.handovers, about, secret or "")

    async def _give(self, offer: Offer, now: datetime) -> HandoverStep:
        """Send it, after the row says so."""
        async with transaction(self._engine) as connection:
            row = await read_handover(connection, offer.handover.id, lock=True)
            if row is None or row.status is not HandoverStatus.WAITING or row.departed_at is not None:
                return HandoverStep(seconds=1)
            await change_handover(connection, row.id, status="sending", tries=row.tries + 1, next_try_at=None)
        told = await ADAPTERS[offer.receiver.draft.kind].give(self._tools, offer)
        HANDOVERS.labels(result=told.result.value).inc()
        if told.result is Result.LOST:
            return await self._find_out(offer, now, told.why or "lost")
        return await self._note(offer, told)

    async def _find_out(self, offer: Offer, now: datetime, why: str) -> HandoverStep:
        """The answer was lost: ask before anything is repeated; repeat only what can do no harm."""
        draft = offer.receiver.draft
        asked = await ADAPTERS[draft.kind].ask(self._tools, offer)
        if asked is None and draft.dedupes:
            asked = Told(Result.ABSENT, why=why)
        if asked is None:
            await self._change(offer, status="uncertain", failure=why, next_try_at=None)
            await self._tell_case(offer, "handover_uncertain", {})
            return _until(offer.handover, now + timedelta(seconds=LONG_WAIT), now)
        if asked.result is Result.AGAIN:
            wait = _wait(offer.handover.tries + 1)
            await self._change(
                offer, failure=asked.why or why, next_try_at=datetime.now(UTC) + timedelta(seconds=wait),
                tries=offer.handover.tries + 1,
            )  # fmt: skip
            return _until(offer.handover, now + timedelta(seconds=wait), now)
        return await self._note(offer, asked)

    async def _note(self, offer: Offer, told: Told) -> HandoverStep:
        """Store what became of a request."""
        now = datetime.now(UTC)
        match told.result:
            case Result.GIVEN:
                values = {"status": "sent", "sent_at": offer.handover.sent_at or now, "failure": None}
                await self._change(offer, far_id=told.far_id, next_try_at=None, **values)
                await self._tell_case(offer, "handover_sent", {"far_id": told.far_id or "—"})
                return _until(offer.handover, now + timedelta(seconds=30), now)
            case Result.REFUSED:
                await self._change(offer, status="refused", failure=told.why, next_try_at=None)
                await self._tell_case(offer, "handover_refused", {"why": told.why or ""})
                return _until(offer.handover, now + timedelta(seconds=LONG_WAIT), now)
        wait = _pause(told, offer.handover.tries)
        at = now + timedelta(seconds=wait)
        await self._change(offer, status="waiting", failure=told.why, next_try_at=at)
        return _until(offer.handover, at, now)

    async def _follow(self, offer: Offer, now: datetime) -> HandoverStep:
        """A message that was begun may still fail; a web service that has the case is not asked again."""
        adapter = ADAPTERS[offer.receiver.draft.kind]
        if isinstance(adapter, Follows):
            followed = await adapter.follow(self._tools, offer, now)
            known = {} if followed.far_id is None else {"far_id": followed.far_id}
            await self._change(offer, failure=followed.failure, **known)
            return _until(offer.handover, now + timedelta(seconds=followed.seconds), now)
        asked = None
        if offer.receiver.draft.channel is not None and offer.handover.answered_at is None:
            asked = await ADAPTERS[offer.receiver.draft.kind].ask(self._tools, offer)
        if asked is not None and asked.result in (Result.REFUSED, Result.LOST):
            status = "refused" if asked.result is Result.REFUSED else "uncertain"
            await self._change(offer, status=status, failure=asked.why)
            await self._tell_case(offer, f"handover_{status}", {"why": asked.why or ""})
        soon = asked is not None and asked.result is Result.AGAIN
        return _until(offer.handover, now + timedelta(seconds=60 if soon else LONG_WAIT), now)

    async def _alarm(self, offer: Offer, now: datetime) -> Offer:
        """Set when an answer is due; once that has passed without one, say so."""
        handover = offer.handover
        if handover.answered_at is not None:
            return offer
        if handover.due_at is None:
            async with self._engine.connect() as connection:
                policy = await policy_version(connection, await newest_version(connection))
            hours = timedelta(hours=offer.receiver.draft.answer_hours or offer.rules.answer_hours)
            due = timetable(policy.calendars[0]).advance(handover.created_at, hours)
            await self._change(offer, due_at=due)
            handover = handover.model_copy(update={"due_at": due})
        if handover.unanswered_at is None and handover.due_at is not None and handover.due_at <= now:
            await self._change(offer, unanswered_at=now)
            await self._tell_case(offer, "handover_unanswered", {"due_at": handover.due_at.isoformat()})
            handover = handover.model_copy(update={"unanswered_at": now})
            log.warning("hand-over unanswered", handover=str(handover.id), receiver=handover.receiver)
        return replace(offer, handover=handover)

    async def _tell_departed(self, offer: Offer, now: datetime) -> HandoverStep:
        """The case has left the department: tell the receiver, unless it never can have had it."""
        handover = offer.handover
        assert handover.departed_at is not None
        if handover.status is HandoverStatus.WAITING and handover.tries == 0:
            await self._change(offer, status="ended")
            return HandoverStep(over=True)
        if handover.told_at is None and handover.next_try_at is not None and handover.next_try_at > now:
            return HandoverStep(seconds=(handover.next_try_at - now).total_seconds())
        told = await ADAPTERS[offer.receiver.draft.kind].take_back(self._tools, offer)
        if told.result is Result.AGAIN and now < handover.departed_at + TELLING_LASTS:
            wait = _pause(told, handover.tries)
            at = now + timedelta(seconds=wait)
            await self._change(offer, failure=told.why, next_try_at=at, tries=handover.tries + 1)
            return HandoverStep(seconds=wait)
        done = told.result is Result.GIVEN
        await self._change(offer, status="ended", told_at=now if done else None, failure=told.why, next_try_at=None)
        await self._tell_case(offer, "handover_cancelled" if done else "handover_not_cancelled", {})
        return HandoverStep(over=True)

    async def _change(self, offer: Offer, **values: Any) -> None:
        async with transaction(self._engine) as connection:
            current = await read_handover(connection, offer.handover.id, lock=True)
            # The receiver may have answered, or a person settled it, while the request was under way.
            if current is not None and current.status not in OVER:
                if current.answered_at is not None and values.get("status") in ("waiting", "uncertain", "refused"):
                    del values["status"]
                await change_handover(connection, offer.handover.id, **values)

    async def _tell_case(self, offer: Offer, what: str, values: dict[str, str]) -> None:
        handover, receiver = offer.handover, offer.receiver
        inform = Inform(
            matter_kind="handover", code=receiver.code, name=receiver.draft.name, what=what,
            values={"receiver": receiver.draft.name, **values},
        )  # fmt: skip
        try:
            act = SystemAct(id=derived_id(handover.id, what), command=inform)
            await act_as_system(self._client, handover.report_id, act)
        except AlreadyArchived:
            log.info("the case is archived and was not told", handover=str(handover.id), what=what)


_BENIGN = ApplicationErrorCategory.BENIGN


def _wait(tries: int) -> float:
    return float(min(FIRST_WAIT * 2 ** min(max(tries - 1, 0), 12), LAST_WAIT))


def _pause(told: Told, tries: int) -> float:
    """Return the seconds until the next try: what the far side asks for, within a day."""
    return min(told.wait, LONGEST_TOLD) if told.wait else _wait(tries)


def _until(handover: Handover, then: datetime, now: datetime) -> HandoverStep:
    """Look again then, or when an answer is due."""
    due = handover.due_at if handover.unanswered_at is None and handover.answered_at is None else None
    at = then if due is None else min(then, due)
    return HandoverStep(seconds=max(0.2, (at - now).total_seconds()))


def _about(handover: Handover, receiver: Receiver, case: Case, received: Received, policy: Policy) -> dict[str, Any]:
    """What a receiver is told: what the work needs, nothing of the reporter, and no numbers of people."""
    category = policy.category(case.category)
    english = receiver.draft.language == "en"
    name = case.category if category is None else category.name_en if english else category.name_zh
    return {
        "id": str(handover.id),
        "case_no": case.case_no,
        "round": handover.round,
        "department": handover.department,
        "title": mask_numbers(case.title),
        "description": mask_numbers(received.description),
        "category": name,
        "category_code": case.category,
        "severity": case.severity.value,
        "due_at": None if case.due_at is None else case.due_at.isoformat(),
        "reported_at": case.reported_at.isoformat(),
    }
