"""Identifiers. New ones are UUIDv7, so that rows made together lie together on disk."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import uuid_utils.compat

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:gridloop")


def new_id() -> UUID:
    """A fresh, time-ordered UUIDv7."""
    return uuid_utils.compat.uuid7()


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, always: what makes a machine's second try harmless."""
    return uuid5(_NAMESPACE, "\x1f".join(_as_text(part) for part in parts))


def _as_text(part: object) -> str:
    return part.isoformat() if isinstance(part, datetime) else str(part)


def workflow_id(report_id: UUID) -> str:
    """The Temporal workflow id of the case that a report became."""
    return f"case-{report_id}"
