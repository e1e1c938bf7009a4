"""What the pages of some kinds of matter show besides what all kinds have, by kind."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from models.matters.base import MatterKind
from services.matters.views import MatterItem
from web.reader import Reader
from web.views.park import emergencies, enterprises, plans, referrals, stations, undertakings

#: The names that the template `park/kinds/{kind}.html` gets for one matter.
PAGE_CONTENTS: Mapping[MatterKind, Callable[[AsyncConnection, Reader, Any], Awaitable[dict[str, Any]]]] = {
    MatterKind.EMERGENCY: emergencies.page_contents,
    MatterKind.ENTERPRISE: enterprises.page_contents,
    MatterKind.PLAN: plans.page_contents,
    MatterKind.REFERRAL_DESK: referrals.page_contents,
    MatterKind.STATION: stations.page_contents,
    MatterKind.UNDERTAKING: undertakings.page_contents,
}
#: The names that the template `park/lists/{kind}.html` gets for a page of the list.
LIST_CONTENTS: Mapping[
    MatterKind, Callable[[AsyncConnection, Reader, Sequence[MatterItem]], Awaitable[dict[str, Any]]]
] = {
    MatterKind.PLAN: plans.list_contents,
    MatterKind.STATION: stations.list_contents,
}
#: The details that such a template shows in its own way.
SHOWN_BY_KIND: Mapping[MatterKind, tuple[str, ...]] = {
    MatterKind.EMERGENCY: ("steps", "summary", "case_no", "plan", "plan_zh", "plan_en", "by_hand"),
    MatterKind.ENTERPRISE: (
        "colour",
        "shown_colour",
        "causes",
        "held",
        "check_at",
        "override",
        "visits",
        "volunteer",
        "cadre",
    ),
    MatterKind.PLAN: (
        "terms",
        "keys",
        "zone",
        "fingerprint",
        "open",
        "missed",
        "issued_until",
        "next_issue_at",
        "resume_at",
    ),
    MatterKind.REFERRAL_DESK: ("persons", "sittings", "bookings", "last_number", "place"),
    MatterKind.UNDERTAKING: ("percent",),
    MatterKind.STATION: ("metrics", "cases", "heard_at", "silence_case_at", "key_since"),
}
#: By kind and command: completes the body that a form gave, knowing the details that the form began with.
COMPLETED_BODIES: Mapping[tuple[MatterKind, str], Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]] = {
    (MatterKind.ENTERPRISE, "amend"): enterprises.amended,
}
