"""Who reads the numbers of people in the text of a case: a table of standing and stage.

The reporter's number, and numbers that people write into titles, descriptions, results and reasons, are needed by those
who speak with the reporter, and only while they do (PIPL §6: the least that the purpose needs). Whoever handles a case
asks the desk, or the keeper unmasks it with a reason.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from models.case import Case
from models.context import Person
from models.enums import Stage
from rules.life_cycle import Who
from rules.scope import standing

#: In which stage whom the text is shown as it was written (our choice):
#: the reporter always; the desk of the place, which calls back before it accepts, asks for more in every stage and
#: decides what the reporter says about the end; the reviewer, who calls the reporter (回访), from the review on.
WHOLE_FOR: Final[Mapping[Stage, frozenset[Who]]] = {
    Stage.RECEIVE: frozenset({Who.REPORTER, Who.DUTY_OFFICER}),
    Stage.DISPATCH: frozenset({Who.REPORTER, Who.DUTY_OFFICER}),
    Stage.HANDLE: frozenset({Who.REPORTER, Who.DUTY_OFFICER}),
    Stage.REVIEW: frozenset({Who.REPORTER, Who.DUTY_OFFICER, Who.REVIEWER}),
    Stage.CLOSED: frozenset({Who.REPORTER, Who.DUTY_OFFICER, Who.REVIEWER}),
}


def reads_numbers(person: Person, case: Case, day: date) -> bool:
    """Whether the person reads the text of the case as it was written, without unmasking it."""
    return not standing(person, case, day).isdisjoint(WHOLE_FOR[case.stage])
