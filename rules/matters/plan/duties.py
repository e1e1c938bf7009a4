"""The identity of a duty: derived from plan, place and batch, so that giving it out again changes nothing."""

from uuid import UUID

from models.ids import derived_id


def duty_id(plan: UUID, place: str, batch: str) -> UUID:
    """The id of the duty at a place (its key in the plan) in a batch."""
    return derived_id("duty", plan, place, batch)
