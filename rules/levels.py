"""The level of the hierarchy that a case is at."""

from models.case import Case, Owner
from models.enums import Level, OwnerKind


def level_of(owner: Owner, grid_path: tuple[str, ...]) -> Level:
    """The level of a case that `owner` owns: a unit's own level; for a department, the level of the case's place.

    A person is the fallback owner, who counts as the top level.
    """
    if owner.kind is OwnerKind.UNIT and owner.id in grid_path:
        return Level(grid_path.index(owner.id) + 1)
    return Level.PARK if owner.kind is OwnerKind.PERSON else Level(len(grid_path))


def current_level(case: Case) -> Level:
    """The level of the case's owner; units that were only informed do not count."""
    owner = case.owner
    claimed = owner is not None and case.claimed_by is not None and owner.id == str(case.claimed_by)
    return Level(len(case.grid_path)) if owner is None or claimed else level_of(owner, case.grid_path)
