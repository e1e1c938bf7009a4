"""Which cases everybody may read over Open311, and what of them: the one rule of every list, table and answer.

A case is public when its reporter knows that it is published: it came by Open311 itself, or by a channel that the
operator has named. Never is one whose reporter asked to stay anonymous, one of a private category, or one whose
progress code has expired.

What was said in the report is shown only of those that came by Open311: its words once a desk has accepted it, so that
somebody has read them, and not where it was rejected, voided or withdrawn.
"""

from datetime import datetime
from typing import Any

from infra.settings import Settings
from models.case import Case
from models.enums import Outcome, Source
from models.policy.document import Policy
from services.public.progress import VALID_AFTER_ARCHIVING

#: The condition on `cases c` within the park `park`; its parameters are those of `public_values`.
PUBLIC = """c.source = ANY (%(sources)s) AND NOT c.anonymous AND NOT c.category = ANY (%(private)s)
    AND (c.archived_at IS NULL OR c.archived_at > %(expired)s) AND c.grid_path <@ %(park)s::ltree"""

#: Ends after which nothing of the report's words and place is shown: nobody stands by them.
_TAKEN_BACK = frozenset({Outcome.REJECTED, Outcome.VOIDED, Outcome.WITHDRAWN})


def public_values(settings: Settings, policy: Policy, park: str, now: datetime) -> dict[str, Any]:
    """Return the parameters of `PUBLIC`."""
    named = frozenset(settings.open311_private)
    private = [one.code for one in policy.categories if one.code in named or one.group in named]
    return {
        "sources": [Source.OPEN311.value, *(source.value for source in settings.open311_sources)],
        "private": sorted({*private, *named}),
        "expired": now - VALID_AFTER_ARCHIVING,
        "park": park,
    }


def shows_place(case: Case) -> bool:
    """Whether the point of the report is shown, and photos of the result."""
    return case.source is Source.OPEN311 and case.outcome not in _TAKEN_BACK


def shows_words(case: Case) -> bool:
    """Whether the words of the report are shown."""
    return shows_place(case) and case.accepted_at is not None
