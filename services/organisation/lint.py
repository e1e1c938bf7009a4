"""Org lint for the doors: the whole organisation for an operator, their own part of it for a supervisor."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.org_alarms import clear_alarms
from infra.store.organisation import read_organisation
from models.base import Frozen, Instant
from models.context import Person
from models.enums import Role
from models.errors import NotYours
from models.organisation import Gravity, Organisation, OrgFinding
from rules.organisation.lint import lint
from rules.scope import in_force

#: Roles that may read it everywhere; a supervisor may in the units they supervise.
EVERYWHERE = frozenset({Role.ADMIN, Role.AUDITOR})


class OrgLint(Frozen):
    """The faults of the organisation, errors first, as of `at`."""

    at: Instant
    errors: int
    warnings: int
    findings: tuple[OrgFinding, ...]


async def check_organisation(connection: AsyncConnection, now: datetime) -> OrgLint:
    """Check the whole organisation, in the caller's transaction; alarms whose role is held again are cleared."""
    organisation = await read_organisation(connection, now)
    await clear_alarms(connection, now, organisation.today)
    return _summary(organisation, lint(organisation))


async def check_in_scope(connection: AsyncConnection, person: Person, now: datetime) -> OrgLint:
    """Check the part of it that `person` may read; changes nothing. Raises NotYours for everybody else."""
    organisation = await read_organisation(connection, now)
    return _summary(organisation, lint(organisation, _within(person, organisation)))


def _within(person: Person, organisation: Organisation) -> frozenset[str] | None:
    """Return the units below which `person` may read; None: everywhere."""
    grants = in_force(person, organisation.today)
    reading_grants = [grant for grant in grants if grant.role in EVERYWHERE | {Role.SUPERVISOR}]
    if not reading_grants:
        raise NotYours(command="org lint", who="admin / auditor / supervisor")
    codes = [grant.grid for grant in reading_grants]
    return None if None in codes else frozenset(code for code in codes if code is not None)


def _summary(organisation: Organisation, findings: tuple[OrgFinding, ...]) -> OrgLint:
    errors = sum(finding.gravity is Gravity.ERROR for finding in findings)
    return OrgLint(at=organisation.now, errors=errors, warnings=len(findings) - errors, findings=findings)
