"""The rules of every kind of matter, by kind."""

from collections.abc import Mapping

from models.matters.base import MatterKind
from rules.matters import claim, enterprise, meeting, plan, topic, undertaking
from rules.matters.emergencies import rules as emergencies
from rules.matters.kind import MatterRules
from rules.matters.referrals import rules as referrals
from rules.matters.stations import rules as stations

RULES: Mapping[MatterKind, MatterRules] = {
    MatterKind.EMERGENCY: emergencies.RULES,
    MatterKind.PLAN: plan.RULES,
    MatterKind.STATION: stations.RULES,
    MatterKind.ENTERPRISE: enterprise.RULES,
    MatterKind.REFERRAL_DESK: referrals.RULES,
    MatterKind.TOPIC: topic.RULES,
    MatterKind.CLAIM: claim.RULES,
    MatterKind.MEETING: meeting.RULES,
    MatterKind.UNDERTAKING: undertaking.RULES,
}
