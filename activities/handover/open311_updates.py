"""Updates of an Open311 endpoint become facts of the case: one for each update, in the order of their times.

What the far side says is reported by its account; where it has closed the request, the handling is completed with its
words, if its settings say so. What does not fit any more is a note on the timeline.
"""

from collections.abc import Iterator, Sequence

import structlog
from pydantic import ValidationError
from sqlalchemy import text

from activities.handover.base import Offer, Tools
from activities.handover.open311_media import fetch_media
from infra.case_client import act, act_as_system
from models.commands import Complete, HumanCommand, Inform, ReportProgress
from models.errors import AlreadyArchived, CommandIdReused, DomainError
from models.facts import Actor
from models.far_open311 import Closing, FarUpdate
from models.ids import derived_id
from models.messages import Act, SystemAct

log = structlog.get_logger(__name__)

_KNOWN = text("SELECT command_id FROM facts WHERE report_id = :report AND command_id = ANY (:ids)")
_LONGEST = 2_000
#: A refusal from this status on is the system's, and passes.
_UNAVAILABLE = 500


async def record_updates(tools: Tools, offer: Offer, updates: Sequence[FarUpdate]) -> None:
    """Record each update that is not known yet. Raises StoreAway and what Temporal raises; it is then tried again."""
    ids = {one.id: derived_id(offer.handover.id, "update", one.id) for one in updates}
    if not ids:
        return
    values = {"report": offer.handover.report_id, "ids": list(ids.values())}
    async with tools.engine.connect() as connection:
        known = set((await connection.execute(_KNOWN, values)).scalars())
    for one in updates:
        if ids[one.id] not in known:
            await _record(tools, offer, one)


async def _record(tools: Tools, offer: Offer, update: FarUpdate) -> None:
    handover = offer.handover
    id_, actor = derived_id(handover.id, "update", update.id), Actor(person=handover.account)
    fetched = await fetch_media(tools, offer, update.media)
    told = _with_failures(offer, update.text, fetched.failures)
    for command in _commands(offer, update, told, fetched.hashes):
        try:
            await act(tools.client, handover.report_id, Act(id=id_, actor=actor, command=command))
            return
        except (AlreadyArchived, CommandIdReused):  # under this id it has been taken already
            return
        except DomainError as error:
            if error.status >= _UNAVAILABLE:
                raise
            log.info("update of a receiver not taken", handover=str(handover.id), kind=command.kind, reason=error.code)
    note = Inform(
        matter_kind="handover", code=handover.receiver, name=offer.receiver.draft.name, what="handover_note",
        values={"kind": update.status, "at": update.at.isoformat()}, note=told[:_LONGEST],
    )  # fmt: skip
    try:
        await act_as_system(tools.client, handover.report_id, SystemAct(id=id_, command=note))
    except AlreadyArchived:
        log.info("the case is archived and was not told", handover=str(handover.id))


def _with_failures(offer: Offer, said: str, failures: Sequence[str]) -> str:
    """Return what the far side says, and which of its photos could not be had."""
    if not failures:
        return said
    english = offer.receiver.draft.language == "en"
    why = "; ".join(failures)
    told = f"(Photos not taken over: {why})" if english else f"(所附照片未能取得:{why})"
    return f"{said[: _LONGEST - len(told) - 40]}\n{told}".strip()


def _commands(offer: Offer, update: FarUpdate, told: str, files: tuple[str, ...]) -> Iterator[HumanCommand]:
    """Yield what the update asks for, the first that the case takes counts."""
    endpoint = offer.receiver.draft.open311
    if update.closes and endpoint is not None and endpoint.closing is Closing.COMPLETES:
        said = told or ("Closed by the far side." if offer.receiver.draft.language == "en" else "对方已办结。")
        yield _complete(said[:_LONGEST], update.text, files)
    status = update.status.replace("_", " ").lower()
    yield ReportProgress(note=f"[{status}] {told}".strip()[:_LONGEST], attachments=files)


def _complete(said: str, words: str, files: tuple[str, ...]) -> Complete:
    """Return the completion; its words are also the answer that the reviewer confirms, unless they hold HTML."""
    try:
        return Complete(result=said, evidence=files, answer=words)
    except ValidationError:
        return Complete(result=said, evidence=files)
