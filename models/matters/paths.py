"""The word for each kind of matter in addresses: `/api/v1/stations`, `/park/stations`."""

from collections.abc import Mapping

from models.matters.base import MatterKind

PATHS: Mapping[MatterKind, str] = {
    MatterKind.ENTERPRISE: "enterprises",
    MatterKind.PLAN: "plans",
    MatterKind.STATION: "stations",
    MatterKind.TOPIC: "topics",
    MatterKind.CLAIM: "claims",
    MatterKind.MEETING: "meetings",
    MatterKind.UNDERTAKING: "undertakings",
    MatterKind.EMERGENCY: "emergencies",
    MatterKind.REFERRAL_DESK: "referral-desks",
}
