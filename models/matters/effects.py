"""Effects: what a fact sets off outside its own matter. They leave through the outbox (D8), once each."""

from typing import Literal
from uuid import UUID

from models.base import Instant, Kept
from models.commands.report import Report
from models.commands.system import Inform
from models.facts import Actor
from models.matters.base import Content, MatterKind
from models.reporter_messages import ReporterEvent


class OpenCase(Kept):
    """Open a case for `report`. The matter hears the case number, or the refusal, under `errand`."""

    kind: Literal["open_case"] = "open_case"
    errand: str
    report: Report
    actor: Actor


class TellCase(Kept):
    """Tell the case of that number something. A case that is archived, or does not exist, is left alone."""

    kind: Literal["tell_case"] = "tell_case"
    case_no: str
    command: Inform


class ActOnMatter(Kept):
    """Give another matter (or the same one) a command of the system. A matter that has ended is left alone."""

    kind: Literal["act_on_matter"] = "act_on_matter"
    matter_kind: MatterKind
    matter_id: UUID
    command: Content


class BeginMatter(Kept):
    """Begin another matter, for the person whose command asked for it. With `errand` the one that asked hears of it."""

    kind: Literal["begin_matter"] = "begin_matter"
    matter_kind: MatterKind
    matter_id: UUID
    command: Content
    actor: Actor
    errand: str | None = None


class TellHook(Kept):
    """Tell the subscriber of a web hook of a fact of a case: its number, what became of it, when. Nothing of people."""

    kind: Literal["tell_hook"] = "tell_hook"
    channel: str
    case_no: str
    fact: str
    at: Instant


class TellReporter(Kept):
    """Tell the reporter of the case what its fact `seq` means to them, if they chose to be told."""

    kind: Literal["tell_reporter"] = "tell_reporter"
    report_id: UUID
    seq: int
    event: ReporterEvent


class LookAtHandover(Kept):
    """Let the workflow of a hand-over begin, or look again: the case has left the department."""

    kind: Literal["look_at_handover"] = "look_at_handover"
    handover: UUID


Effect = OpenCase | TellCase | ActOnMatter | BeginMatter | TellHook | TellReporter | LookAtHandover
