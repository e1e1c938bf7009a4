"""What a policy says about topics and meetings (our choice; no source names a limit)."""

from typing import Annotated

from pydantic import Field

from models.base import Given
from models.enums import LimitUnit
from models.policy.limits import Length

#: A topic is audited within five workdays, minutes are out within three.
AUDIT_WITHIN = Length(amount=5, unit=LimitUnit.LEGAL_WORK_DAY)
MINUTES_WITHIN = Length(amount=3, unit=LimitUnit.LEGAL_WORK_DAY)


class AgendaPolicy(Given):
    """How long a topic may wait for its audit, and how long after a meeting its minutes may take."""

    audit_within: Annotated[Length, Field(description="from the submission")] = AUDIT_WITHIN
    minutes_within: Annotated[Length, Field(description="from the meeting")] = MINUTES_WITHIN
