"""The tables: which revision there is, and bringing them to the one of this program, with the rights of both roles."""

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from infra.database import open_database
from infra.database_roles import grant_runtime
from infra.database_url import connect_parameters, user_of
from infra.migrate import upgrade
from infra.pooler import refuse_transaction_pooler
from infra.schema import Schema, compare, known_revisions, read_revision
from infra.settings import Settings
from models.base import Frozen
from services.setup.faults import SetupFault, database_fault


class Tables(Frozen):
    """The revision of the tables of a database (None: there are none) and that of this program."""

    revision: str | None
    known: str
    state: Schema


async def read_tables(settings: Settings) -> Tables:
    """Return what there is. Raises SetupFault when the database can't be asked."""
    engine = open_database(settings.model_copy(update={"database_pool": 1}))
    try:
        async with engine.connect() as connection:
            revision = await read_revision(connection)
    except (SQLAlchemyError, psycopg.Error, OSError) as error:
        raise database_fault(error) or error from error
    finally:
        await engine.dispose()
    return Tables(revision=revision, known=known_revisions()[-1], state=compare(revision))


async def refuse_pooler(settings: Settings) -> None:
    """Raise SetupFault where the address leads to a pooler of transactions, or nowhere."""
    try:
        address = settings.database_url.get_secret_value()
        await refuse_transaction_pooler(connect_parameters(address, settings.database_password_file))
    except (psycopg.Error, OSError, ValueError) as error:
        raise database_fault(error) or SetupFault(str(error), str(error)) from error


def upgrade_tables(settings: Settings) -> None:
    """Bring the tables to the revision of this program as their owner, and give the running role its rights on them.

    A second call changes nothing; a step that fails is rolled back. Raises SetupFault.
    """
    try:
        upgrade(settings.owner_database)
        grant_rights(settings)
    except (SQLAlchemyError, psycopg.Error) as error:
        raise database_fault(error) or error from error


def grant_rights(settings: Settings) -> None:
    """Give the role that runs the system its rights, where it is another than the owner. Raises psycopg.Error."""
    role, owner = (user_of(address) for address in (settings.database, settings.owner_database))
    if role is not None and role != owner:
        grant_runtime(settings.owner_database, role)
