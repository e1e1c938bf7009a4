"""Requests and their decisions, and what the reporter says at the end."""

from datetime import timedelta
from typing import Literal

from models.base import Frozen, Instant
from models.case import Owner
from models.enums import Stage
from models.facts.common import Due
from models.plan import Plan


class ReturnRequested(Frozen):
    kind: Literal["return_requested"] = "return_requested"
    department: str
    reason: str


class ReturnGranted(Frozen):
    kind: Literal["return_granted"] = "return_granted"
    note: str
    owner: Owner
    due: Due


class ReturnRefused(Frozen):
    kind: Literal["return_refused"] = "return_refused"
    department: str
    reason: str


class ExtensionRequested(Frozen):
    kind: Literal["extension_requested"] = "extension_requested"
    until: Instant
    reason: str


class ExtensionGranted(Frozen):
    """`extended` is counted as the limit is: in working time, or in natural time.

    `whole_extended`: by how much the whole's own limit grew, so that it does not end before the stage.
    """

    kind: Literal["extension_granted"] = "extension_granted"
    extended: timedelta
    due_at: Instant
    note: str
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_extended: timedelta = timedelta()
    whole_plan: Plan | None = None


class ExtensionRefused(Frozen):
    kind: Literal["extension_refused"] = "extension_refused"
    reason: str


class SuspensionRequested(Frozen):
    kind: Literal["suspension_requested"] = "suspension_requested"
    until: Instant
    reason: str


class SuspensionGranted(Frozen):
    kind: Literal["suspension_granted"] = "suspension_granted"
    until: Instant
    note: str


class SuspensionRefused(Frozen):
    kind: Literal["suspension_refused"] = "suspension_refused"
    reason: str


class Resumed(Frozen):
    kind: Literal["resumed"] = "resumed"
    note: str
    since: Instant
    due_at: Instant
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_plan: Plan | None = None


class VoidProposed(Frozen):
    kind: Literal["void_proposed"] = "void_proposed"
    reason: str


class Rated(Frozen):
    kind: Literal["rated"] = "rated"
    score: int
    note: str


class ReopenRequested(Frozen):
    kind: Literal["reopen_requested"] = "reopen_requested"
    reason: str
    remind_at: Instant


class Reopened(Frozen):
    kind: Literal["reopened"] = "reopened"
    note: str
    to_stage: Stage
    owner: Owner
    due: Due
    whole: Due | None = None


class ReopenRefused(Frozen):
    kind: Literal["reopen_refused"] = "reopen_refused"
    reason: str


class Appealed(Frozen):
    kind: Literal["appealed"] = "appealed"
    reason: str
    remind_at: Instant
    attachments: tuple[str, ...]


class AppealDecided(Frozen):
    kind: Literal["appeal_decided"] = "appeal_decided"
    upheld: bool
    reason: str
