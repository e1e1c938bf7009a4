"""What each fact changes in an enterprise."""

from functools import singledispatch
from typing import Any

from models.base import STORED
from models.matters.base import MatterBody, MatterFact
from models.matters.colour import Override
from models.matters.enterprise import (
    Assessed,
    ColourChanged,
    ColourOverridden,
    Enterprise,
    EnterpriseAmended,
    EnterpriseClosed,
    EnterpriseMoved,
    EnterpriseRegistered,
    EnterpriseRenamed,
    EnterpriseReopened,
    EnterpriseStatus,
    OverrideEnded,
    PeopleAssigned,
)

Changes = dict[str, Any]


def evolve(enterprise: Enterprise | None, fact: MatterFact) -> Enterprise:
    """The enterprise after the fact."""
    if isinstance(fact.body, EnterpriseRegistered):
        return _registered(fact.body, fact)
    assert enterprise is not None, "an enterprise begins with its registration"
    if isinstance(fact.body, EnterpriseAmended | PeopleAssigned):
        changed = {**enterprise.model_dump(), **fact.body.changes}
        return _with_people(Enterprise.model_validate(changed, context=STORED))
    return enterprise.model_copy(update=_change(fact.body, enterprise, fact))


def _registered(body: EnterpriseRegistered, fact: MatterFact) -> Enterprise:
    fields = {name: getattr(body, name) for name in type(body).model_fields if name != "kind"}
    return _with_people(
        Enterprise(
            **fields,
            id=fact.command_id,
            seq=fact.seq,
            status=EnterpriseStatus.ACTIVE,
            created_at=fact.at,
            created_by=fact.actor.person,
            updated_at=fact.at,
        )
    )


def _with_people(enterprise: Enterprise) -> Enterprise:
    """The enterprise with its cadre and its volunteer as those who may read it."""
    people = tuple(dict.fromkeys(one for one in (enterprise.cadre, enterprise.volunteer) if one is not None))
    return enterprise.model_copy(update={"people": people})


@singledispatch
def _change(body: MatterBody, enterprise: Enterprise, fact: MatterFact) -> Changes:
    """Facts that every kind of matter has change nothing here."""
    return {}


@_change.register
def _(body: EnterpriseRenamed, enterprise: Enterprise, fact: MatterFact) -> Changes:
    return {"name": body.name}


@_change.register
def _(body: EnterpriseMoved, enterprise: Enterprise, fact: MatterFact) -> Changes:
    return {"grid": body.grid, "grid_path": body.grid_path, "location": body.location or enterprise.location}


@_change.register
def _(body: EnterpriseClosed, enterprise: Enterprise, fact: MatterFact) -> Changes:
    return {"status": EnterpriseStatus.CLOSED, "ended_at": fact.at}


@_change.register
def _(body: EnterpriseReopened, enterprise: Enterprise, fact: MatterFact) -> Changes:
    return {"status": EnterpriseStatus.ACTIVE, "ended_at": None}


@_change.register
def _(body: Assessed, enterprise: Enterprise, fact: MatterFact) -> Changes:
    return {"causes": body.causes, "held": body.held, "check_at": body.check_at, "visits": body.visits}


@_change.register
def _(body: ColourChanged, enterprise: Enterprise, fact: MatterFact) -> Changes:
    return {"colour": body.after}


@_change.register
def _(body: ColourOverridden, enterprise: Enterprise, fact: MatterFact) -> Changes:
    override = Override(colour=body.colour, reason=body.reason, since=fact.at, until=body.until)
    return {"override": override, "visits": body.visits}


@_change.register
def _(body: OverrideEnded, enterprise: Enterprise, fact: MatterFact) -> Changes:
    return {"override": None, "visits": body.visits}
