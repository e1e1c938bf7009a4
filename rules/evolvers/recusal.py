"""The changes of facts about who steps aside."""

from models.case import Case
from models.facts import Fact, RecusalLifted, Recused
from rules.evolvers.common import Changes, change, passed_on, with_added
from rules.levels import level_of


@change.register
def _(body: Recused, case: Case, fact: Fact) -> Changes:
    changes: Changes = {"recused": with_added(case.recused, body.person)}
    if case.claimed_by == body.person:
        changes |= {"claimed_by": None}
    if case.reviewer == body.person:
        changes |= {"reviewer": None}
    if body.owner is not None:
        changes |= {"owner": body.owner, "level": level_of(body.owner, case.grid_path)}
    if body.desk is not None:
        changes |= {"desk": body.desk}
    changes |= passed_on(case, body.decider)
    return changes


@change.register
def _(body: RecusalLifted, case: Case, fact: Fact) -> Changes:
    return {"recused": tuple(person for person in case.recused if person != body.person)}
