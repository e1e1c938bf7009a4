"""The relay: carries out the effects in the outbox, each once, however often it is tried.

It hears of new effects by NOTIFY, and also looks when one that failed is due again. Any number of workers may run one:
an effect is taken by one at a time, and its id makes it count once should two of them carry it out. Those of one origin
are carried out in the order written.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.case_client import NO_ANSWER_ERRORS, act_as_system, open_case
from infra.database import transaction
from infra.handover_client import look_at_handover
from infra.matter_client import act_on_matter, begin_matter
from infra.notified import LONGEST_SLEEP, working_when_notified
from infra.send_client import begin_send
from infra.store.cases import is_archived, read_report_id
from infra.store.matters.rows import matter_goes_on
from infra.store.outbox import OUTBOX_CHANNEL, WaitingEffect, delete_effect, next_due, put_back, refuse, take_effects
from models.commands import Inform
from models.errors import AlreadyArchived, DomainError, MatterEnded, NoSuchCase, StoreAway
from models.facts import Actor
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.common import SettleOpening
from models.matters.effects import ActOnMatter, BeginMatter, LookAtHandover, OpenCase, TellCase, TellHook, TellReporter
from models.matters.messages import MatterAct, MatterStart
from models.messages import CaseStart, SystemAct
from models.sends import Message, Purpose, Route, Send

log = structlog.get_logger(__name__)

#: Makes the messages that an effect stands for; it comes from `services`, which activities may not import.
ComposeMessages = Callable[[TellReporter], Coroutine[Any, Any, Sequence[Send]]]
#: How many effects are carried out at once.
CONCURRENCY = 8
#: How long one effect may take. Less than the lease, so that no other process takes it meanwhile.
EFFECT_TIMEOUT = timedelta(seconds=20)
#: From this HTTP status on a refusal is the system's, not the rules': it passes.
UNAVAILABLE = 500


class Relay:
    """The relay of one process, bound to a database, a Temporal client and the queue on which cases run.

    `address` tells how to reach the database now; `compose` makes the messages to a reporter. `site`: the origin of the
    pages, for links to cases.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        client: Client,
        queue: str,
        address: Callable[[], str],
        compose: ComposeMessages,
        site: str | None = None,
    ) -> None:
        self._site = site
        self._engine = engine
        self._client = client
        self._queue = queue
        self._address = address
        self._compose = compose

    def running(self) -> AbstractAsyncContextManager[None]:
        """Carry out effects until the block ends."""
        return working_when_notified(self._address, OUTBOX_CHANNEL, self._carry_out_due, what="the relay of effects")

    async def _carry_out_due(self) -> timedelta:
        """Carry out everything that is due; return how long there is nothing more to do."""
        while True:
            async with transaction(self._engine) as connection:
                taken = await take_effects(connection, CONCURRENCY)
            if not taken:
                async with self._engine.connect() as connection:
                    due = await next_due(connection)
                return LONGEST_SLEEP if due is None else min(max(due, timedelta(seconds=0.2)), LONGEST_SLEEP)
            await asyncio.gather(*(self._carry_out(waiting) for waiting in taken))

    async def _carry_out(self, waiting: WaitingEffect) -> None:
        """Carry out one effect, and delete it; put it back when a store is away, set it aside when it is refused."""
        about = {"effect": waiting.effect.kind, "origin": str(waiting.origin_id)}
        refusal, failure = None, None
        try:
            async with asyncio.timeout(EFFECT_TIMEOUT.total_seconds()):
                await self._try(waiting)
        except MatterEnded:
            failure = await self._still_owed(waiting)
        except DomainError as error:
            refusal, failure = (error.code, None) if error.status < UNAVAILABLE else (None, error.code)
        except NO_ANSWER_ERRORS as error:
            failure = type(error).__name__
        async with transaction(self._engine) as connection:
            if refusal is not None:
                log.error("effect refused", **about, code=refusal)
                await refuse(connection, waiting, refusal)
            elif failure is not None:
                log.warning("effect put back", **about, error=failure)
                await put_back(connection, waiting, failure)
            else:
                await delete_effect(connection, waiting.id)

    async def _still_owed(self, waiting: WaitingEffect) -> str | None:
        """Return why an effect whose receiver has no workflow must wait: the receiver goes on, and the audit will start
        its workflow again. None when it has ended, or never was: nothing is owed to it then.
        """
        match waiting.effect:
            case ActOnMatter(matter_id=id_):
                receiver = id_
            case _:
                receiver = waiting.origin_id
        async with self._engine.connect() as connection:
            goes_on = await matter_goes_on(connection, receiver)
        return "workflow_missing" if goes_on else None

    async def _try(self, waiting: WaitingEffect) -> None:
        match waiting.effect:
            case OpenCase():
                await self._open_case(waiting, waiting.effect)
            case TellCase(case_no=case_no, command=inform):
                await self._tell_case(waiting.id, case_no, inform)
            case ActOnMatter(matter_kind=kind, matter_id=id_, command=command):
                await act_on_matter(self._client, kind, id_, MatterAct(id=waiting.id, actor=Actor(), command=command))
            case TellReporter():
                for send in await self._compose(waiting.effect):
                    await begin_send(self._client, send, queue=self._queue)
            case LookAtHandover(handover=id_):
                await look_at_handover(self._client, id_, queue=self._queue)
            case BeginMatter():
                await self._begin_matter(waiting, waiting.effect)
            case TellHook():
                await begin_send(self._client, event_send(waiting.id, waiting.effect, self._site), queue=self._queue)

    async def _tell_case(self, id_: UUID, case_no: str, inform: Inform) -> None:
        """Record on the timeline of a case what a matter tells it. Nothing is owed to one that is archived."""
        async with self._engine.connect() as connection:
            report_id = await read_report_id(connection, case_no)
        if report_id is None:
            raise NoSuchCase(case_no=case_no)
        try:
            await act_as_system(self._client, report_id, SystemAct(id=id_, command=inform))
        except AlreadyArchived:
            async with self._engine.connect() as connection:
                if not await is_archived(connection, report_id):  # the audit will start its workflow again
                    raise StoreAway from None
            log.info("the case is archived and was not told", case_no=case_no)

    async def _open_case(self, waiting: WaitingEffect, effect: OpenCase) -> None:
        """Open the case, or find it, and tell the matter its number; or tell it that the rules refuse the report."""
        number: str | None = None
        code: str | None = None
        try:
            receipt = await open_case(
                self._client, CaseStart(report=effect.report, actor=effect.actor), queue=self._queue
            )
            number = receipt.case_no
        except DomainError as error:
            if error.status >= UNAVAILABLE:
                raise
            code = error.code
            log.error("case refused", origin=str(waiting.origin_id), errand=effect.errand, code=code)
        await self._settle(
            waiting,
            SettleOpening(errand=effect.errand, report_id=effect.report.report_id, case_no=number, refused=code),
        )

    async def _begin_matter(self, waiting: WaitingEffect, effect: BeginMatter) -> None:
        """Begin the matter, or find it; tell the one that asked its code, or that the rules refuse it."""
        first = MatterAct(id=effect.matter_id, actor=effect.actor, command=effect.command)
        start = MatterStart(matter_kind=effect.matter_kind, matter_id=effect.matter_id, first=first)
        code: str | None = None
        refused: str | None = None
        try:
            code = (await begin_matter(self._client, start, queue=self._queue)).code
        except DomainError as error:
            if effect.errand is None or error.status >= UNAVAILABLE:
                raise
            refused = error.code
            log.error("matter refused", origin=str(waiting.origin_id), errand=effect.errand, code=refused)
        if effect.errand is not None:
            await self._settle(
                waiting,
                SettleOpening(errand=effect.errand, report_id=effect.matter_id, matter_code=code, refused=refused),
            )

    async def _settle(self, waiting: WaitingEffect, settle: SettleOpening) -> None:
        act = MatterAct(id=derived_id(waiting.id, "settled"), actor=Actor(), command=settle.model_dump(mode="json"))
        await act_on_matter(self._client, MatterKind(waiting.origin_kind), waiting.origin_id, act)


def event_send(id_: UUID, effect: TellHook, site: str | None) -> Send:
    """Return the send that tells a web hook of a fact. The id of the effect is the id of the event."""
    link = None if site is None else f"{site}/cases/{effect.case_no}"
    event = {"kind": effect.fact, "case_no": effect.case_no, "at": effect.at.isoformat(), "link": link}
    return Send(
        key=f"event:{id_}",
        message=Message(title=f"{effect.case_no} {effect.fact}", link=link, event=event),
        routes=(Route(channel=effect.channel),),
        purpose=Purpose.EVENT,
        about=effect.case_no,
    )
