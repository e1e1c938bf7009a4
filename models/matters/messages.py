"""The messages between doors, the workflow of a matter, and its recording step.

Commands and facts travel as their JSON: the workflow needs to know of no kind.
"""

import hashlib
import json
from uuid import UUID

from models.base import Instant, Kept
from models.errors import Refusal
from models.facts import Actor
from models.matters.base import Content, MatterKind


def content_digest(content: Content) -> str:
    """The beginning of the SHA-256 of a command's content, which distinguishes two commands with one id."""
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:16]


class MatterAct(Kept):
    """A command to a matter. `id` makes it count once, however often it is sent."""

    id: UUID
    actor: Actor
    if_revision: int | None = None
    command: Content

    @property
    def update_id(self) -> str:
        """The update id; other content under the same id gives another one, which the recording step refuses."""
        return f"{self.id}-{content_digest(self.command)}"


class MatterStart(Kept):
    """The input of a matter's workflow: its first command, or, continued in a new run, how far it is.

    `known` is the number of the last fact, `wake_at` the next moment it waits for.
    """

    matter_kind: MatterKind
    matter_id: UUID
    first: MatterAct | None = None
    known: int = 0
    wake_at: Instant | None = None


class MatterStep(Kept):
    """One recording step of a matter whose workflow knows the facts up to `known`."""

    matter_kind: MatterKind
    matter_id: UUID
    known: int
    id: UUID
    at: Instant
    actor: Actor
    if_revision: int | None = None
    command: Content


class StoredMatterFact(Kept):
    """A fact as it is stored and kept in the history, its body not yet read."""

    seq: int
    at: Instant
    actor: Actor
    command_id: UUID
    command: str
    digest: str
    version: int = 1
    body: Content


class MatterRecorded(Kept):
    """What a step recorded: every fact after the step's `known`, and how the matter then stands; or a refusal.

    `wake_at`: the next moment the matter waits for, None for none. `code` is None while the matter does not exist.
    """

    facts: tuple[StoredMatterFact, ...] = ()
    code: str | None = None
    seq: int = 0
    wake_at: Instant | None = None
    ended: bool = False
    refusal: Refusal | None = None


class MatterReceipt(Kept):
    """The answer to a command: the matter's code and its present revision."""

    code: str
    revision: int


class MatterStanding(Kept):
    """How far a running workflow is, for the audit."""

    known: int
    wake_at: Instant | None
