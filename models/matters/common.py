"""Commands and facts that every kind of matter has."""

from typing import Literal
from uuid import UUID

from models.base import Instant, Note
from models.commands.report import Attachments
from models.facts import Reached, Vacancy
from models.matters.base import MatterBody, MatterCommand


class WakeMatter(MatterCommand):
    """By the clock: a moment has come for which the matter waited."""

    kind: Literal["wake"] = "wake"
    moment: Instant


class SettleOpening(MatterCommand):
    """By the system: what the matter asked for exists, a case (`case_no`) or another matter (`matter_code`), or was
    refused for good (`refused`). `report_id` is the id of either."""

    kind: Literal["settle_opening"] = "settle_opening"
    errand: str
    report_id: UUID
    case_no: str | None = None
    refused: str | None = None
    matter_code: str | None = None


class CommentMatter(MatterCommand):
    """A remark, with files."""

    kind: Literal["comment"] = "comment"
    note: Note
    attachments: Attachments = ()


class MatterCommented(MatterBody):
    """Somebody remarked something."""

    kind: Literal["commented"] = "commented"
    note: str
    attachments: tuple[str, ...] = ()


class Climbed(MatterBody):
    """A step of the ladder fired: `about` has been overdue since `since`; `reached` are those informed."""

    kind: Literal["climbed"] = "climbed"
    about: str
    step: int
    since: Instant
    planned_at: Instant
    reached: tuple[Reached, ...]
    vacancies: tuple[Vacancy, ...] = ()


class OpeningSettled(MatterBody):
    """The case or matter asked for by `errand` exists, or was refused for good: then `reached` are told, who own it."""

    kind: Literal["opening_settled"] = "opening_settled"
    errand: str
    report_id: UUID
    case_no: str | None = None
    refused: str | None = None
    matter_code: str | None = None
    reached: tuple[Reached, ...] = ()


CommonCommand = WakeMatter | SettleOpening | CommentMatter
CommonBody = MatterCommented | Climbed | OpeningSettled
