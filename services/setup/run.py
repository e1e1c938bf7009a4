"""All parts, one after the other, and the place of the workflows last."""

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from infra.database import open_database
from infra.settings import Settings
from infra.store.place import CannotMove, Elsewhere, held_by, here, move
from services.setup.database import database_items
from services.setup.faults import SetupFault, database_fault
from services.setup.files import file_items
from services.setup.report import Item, SetupReport, State, made, mend, ok
from services.setup.temporal import temporal_items


async def run_setup(settings: Settings, *, check: bool = False, move_here: bool = False) -> SetupReport:
    """Look at each part; make what is missing unless `check`. A second run changes nothing.

    `move_here`: make our namespace the one that has the workflows of the database, once nobody of the old one is left.
    """
    items: list[Item] = []
    client: Client | None = None
    try:
        items += [item async for item in database_items(settings, check=check)]
    except (SetupFault, SQLAlchemyError, psycopg.Error) as error:
        fault = error if isinstance(error, SetupFault) else database_fault(error)
        if fault is None:
            raise
        items.append(mend("database", fault.zh, fault.en))
    items += [item async for item in file_items(settings)]
    async for found in temporal_items(settings, check=check):
        if isinstance(found, Client):
            client = found
        else:
            items.append(found)
    has_tables = any(item.part == "tables" and item.state is not State.MEND for item in items)
    if client is not None and has_tables:
        items.append(await _place(settings, client, move_here=move_here and not check))
    return SetupReport(items=tuple(items))


async def _place(settings: Settings, client: Client, *, move_here: bool) -> Item:
    engine = open_database(settings.as_owner().model_copy(update={"database_pool": 1}))
    try:
        ours = await here(client)
        if move_here and await move(engine, ours):
            return made(
                "place",
                f"数据库的流程自此在命名空间 {ours.namespace} 中;接着执行 gridloop reconcile --fix",
                f"the workflows of the database are in the namespace {ours.namespace} from now on; next: gridloop"
                " reconcile --fix",
            )
        async with engine.connect() as connection:
            held = await held_by(connection)
    except CannotMove as error:
        return mend("place", error.zh, error.en)
    except RPCError as error:
        return mend("place", f"Temporal 无应答:{error.message}", f"Temporal does not answer: {error.message}")
    finally:
        await engine.dispose()
    if held is None:
        return ok("place", "尚无流程,首个工作进程将占用", "no workflows yet: the first worker takes the place")
    if held.id != ours.id:
        elsewhere = Elsewhere(held)
        return mend("place", elsewhere.zh, elsewhere.en)
    return ok("place", f"流程在命名空间 {held.namespace} 中", f"the workflows are in the namespace {held.namespace}")
