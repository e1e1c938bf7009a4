"""Identifiers. New ones are UUIDv7, so that rows made at the same time are close together on disk."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import uuid_utils.compat

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:gridloop")


def new_id() -> UUID:
    """A fresh, time-ordered UUIDv7."""
    return uuid_utils.compat.uuid7()


def derived_id(*parts: object) -> UUID:
    """An id derived from `parts`, always the same for the same parts, so that a retry has no further effect."""
    return uuid5(_NAMESPACE, "\x1f".join(_as_text(part) for part in parts))


def _as_text(part: object) -> str:
    return part.isoformat() if isinstance(part, datetime) else str(part)


def workflow_id(report_id: UUID) -> str:
    """The Temporal workflow id of the case that a report opens."""
    return f"case-{report_id}"


def matter_workflow_id(kind: str, matter_id: UUID) -> str:
    """The Temporal workflow id of a matter."""
    return f"{kind}-{matter_id}"
