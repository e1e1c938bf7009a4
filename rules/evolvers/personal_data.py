"""The changes of facts about a reporter's data."""

from models.case import Case
from models.facts import DataHeld, DataReleased, Fact, ReporterErased, ReporterUnmasked
from rules.evolvers.common import Changes, change


@change.register
def _(body: ReporterUnmasked, case: Case, fact: Fact) -> Changes:
    return {}


@change.register
def _(body: DataHeld, case: Case, fact: Fact) -> Changes:
    return {"data_held": True}


@change.register
def _(body: DataReleased, case: Case, fact: Fact) -> Changes:
    return {"data_held": False}


@change.register
def _(body: ReporterErased, case: Case, fact: Fact) -> Changes:
    return {"reporter_erased": True}
