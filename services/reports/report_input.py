"""A report as a door accepts it."""

import hashlib
import json
from uuid import UUID

from infra.keys.answers import keyed_hash
from models.answers import Asked, GivenAnswers
from models.base import Code, CreditCode, Description, Frozen, Title, WrittenInstant
from models.commands import Attachments, GivenLocation
from models.enums import Severity, Source
from services.reports.reporter_input import ReporterInput

#: How the hash of a report with personal answers begins.
KEYED = "keyed:"


class ReportInput(Frozen):
    """A report as a door accepts it. Give `grid`, `location`, or both; the micro-grid is found from the location.

    Without a `title`, one is made of the description (`rules.titles`). `mismatch_meant`: the location lies outside the
    given grid, and that is meant. `enterprise`: the credit code of the enterprise that the report is about.
    `answers`: to the questions of the category, by code; left out by who was not asked. `asked`: where they were asked,
    and under which version of the policy; by another version than the one in force, they are taken as far as they fit.
    """

    report_id: UUID
    category: Code
    title: Title | None = None
    description: Description = ""
    grid: Code | None = None
    location: GivenLocation | None = None
    mismatch_meant: bool = False
    occurred_at: WrittenInstant | None = None
    reported_at: WrittenInstant | None = None
    severity: Severity | None = None
    source: Source | None = None
    enterprise: CreditCode | None = None
    answers: GivenAnswers | None = None
    asked: Asked | None = None
    attachments: Attachments = ()
    reporter: ReporterInput | None = None

    @property
    def content_hash(self) -> str:
        """The hash that tells a report sent again from another report under its id. The reporter's data is left out."""
        return hashlib.sha256(self._content).hexdigest()

    def keyed_hash(self, key: bytes) -> str:
        """The same of a report with personal answers: nobody can find them by trying without the key."""
        return KEYED + keyed_hash(key, self._content)

    @property
    def _content(self) -> bytes:
        content = self.model_dump(mode="json", exclude={"reporter", "report_id", "mismatch_meant"}, exclude_unset=True)
        return json.dumps(content, sort_keys=True).encode()
