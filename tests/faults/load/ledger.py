"""What the simulated people sent, and what they were answered: the model with which the stores are compared."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class Subject(StrEnum):
    """What a sending is about."""

    REPORT = "report"
    COMMAND = "command"
    MATTER = "matter"
    DUTY = "duty"
    READINGS = "readings"


#: No answer came, or the answer says that the outcome is open.
UNANSWERED = 0


@dataclass
class Sending:
    """Something sent under an id that its sender chose, as often as it was sent.

    `name`: the command. `target`: the report id of a case, the id of a matter, or the code of a station. `answers`: the
    HTTP statuses in the order in which they came; UNANSWERED for none and for 5xx.
    """

    id: UUID
    subject: Subject
    name: str
    target: str
    person: str
    path: str
    body: dict[str, Any]
    answers: list[int] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    revision: int | None = None
    #: The sender has ended: it never learns the outcome.
    abandoned: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether it was said to be recorded."""
        return any(status in (200, 201) for status in self.answers)

    @property
    def accepted(self) -> bool:
        """Whether it was said to be accepted, to be recorded later."""
        return 202 in self.answers

    @property
    def refused(self) -> bool:
        """Whether the last word was a refusal."""
        return bool(self.answers) and 400 <= self.answers[-1] < 500

    @property
    def open(self) -> bool:
        """Whether the sender does not know the outcome."""
        return not self.acknowledged and not self.refused

    @property
    def only_refused(self) -> bool:
        """Whether every answer was a refusal: then nothing of it may be recorded."""
        return bool(self.answers) and all(400 <= status < 500 for status in self.answers)


class Ledger:
    """All sendings by their ids, and the files that were stored."""

    def __init__(self) -> None:
        self.sendings: dict[UUID, Sending] = {}
        #: Hash of each acknowledged file, and who uploaded it.
        self.files: dict[str, str] = {}
        #: Answers that should never come: 500, or one that is no problem document.
        self.faulty: list[str] = []
        self.requests: Counter[str] = Counter()

    def add(self, sending: Sending) -> Sending:
        """Note something that is about to be sent."""
        return self.sendings.setdefault(sending.id, sending)

    def of(self, *subjects: Subject) -> Iterator[Sending]:
        """The sendings about these."""
        return (one for one in list(self.sendings.values()) if one.subject in subjects)

    def counts(self) -> dict[str, Counter[str]]:
        """How many sendings ended how, by subject and in all."""
        counted: dict[str, Counter[str]] = {}
        for one in self.sendings.values():
            end = "acknowledged" if one.acknowledged else "refused" if one.refused else "unanswered"
            for name in (one.subject.value, "all"):
                counted.setdefault(name, Counter())[end] += 1
        return counted
