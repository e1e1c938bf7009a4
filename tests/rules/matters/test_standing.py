"""Who plays which part towards a matter."""

from models.context import Person
from models.enums import Role
from models.matters.base import MatterKind
from rules.matters.kind import Part
from rules.matters.registry import RULES
from rules.matters.standing import parts
from tests.builders import GRID, PARK
from tests.rules.lives import a_grant
from tests.rules.world import EVERYBODY, START, today


def parts_of_author(role: Role) -> frozenset[Part]:
    """The parts of somebody who began a station, and has that role now."""
    person: Person = EVERYBODY["duty"].model_copy(update={"grants": (a_grant(role),)})
    return parts(person, RULES[MatterKind.STATION], today(START), grid_path=(PARK, GRID), created_by=person.id)


def test_whoever_only_reads_by_now_is_no_author() -> None:
    """Somebody who began it and has become an auditor changes nothing."""
    assert Part.AUTHOR in parts_of_author(Role.DUTY_OFFICER)
    assert parts_of_author(Role.AUDITOR) == {Part.READER}
