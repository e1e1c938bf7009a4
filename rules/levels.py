"""At which of the four levels of the hierarchy a case stands."""

from models.case import Case, Owner
from models.enums import Level, OwnerKind


def level_of(owner: Owner, grid_path: tuple[str, ...]) -> Level:
    """Where a case that `owner` answers for stands: a unit at its own level, a department down at the case's place.

    A person is the fallback owner, for whom nobody stands higher.
    """
    if owner.kind is OwnerKind.UNIT and owner.id in grid_path:
        return Level(grid_path.index(owner.id) + 1)
    return Level.PARK if owner.kind is OwnerKind.PERSON else Level(len(grid_path))


def current_level(case: Case) -> Level:
    """The level of whoever has the case: whoever is only informed takes nothing away."""
    owner = case.owner
    claimed = owner is not None and case.claimed_by is not None and owner.id == str(case.claimed_by)
    return Level(len(case.grid_path)) if owner is None or claimed else level_of(owner, case.grid_path)
