"""What a long list as a workbook costs: made as the workflow's step makes it, in a database filled by SQL."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.ids import new_id
from models.jobs.export import ExportKind, ExportStatus
from models.tables import EXPORTS
from services.exports.make import make_export
from services.exports.request import ExportRequest
from services.measure.queue import people


@dataclass(frozen=True)
class ExportCost:
    """Rows of the file and its bytes; seconds until it was kept, and of this process's processor time; by how many
    bytes at most the process grew meanwhile."""

    rows: int
    size: int
    seconds: float
    processor_seconds: float
    added: int


async def measure_export(engine: AsyncEngine) -> ExportCost:
    """Every case of a database of `services.measure.queue`, as its supervisor would ask for it."""
    supervisor = people()[-1]
    id_, wanted = new_id(), ExportRequest(kind=ExportKind.CASES)
    row = {
        "id": id_, "owner": supervisor.id, "kind": wanted.kind.value, "digest": str(id_), "language": "zh",
        "wanted": wanted.model_dump(mode="json", by_alias=True, exclude_none=True), "status": ExportStatus.WAITING,
        "asked_at": datetime.now(UTC), "made": 0,
    }  # fmt: skip
    async with transaction(engine) as connection:
        await connection.execute(insert(EXPORTS).values(row))
    process = psutil.Process()
    before = most = process.memory_info().rss

    def grown(_: int) -> None:
        nonlocal most
        most = max(most, process.memory_info().rss)

    begun, worked = time.perf_counter(), time.process_time()
    await make_export(engine, id_, grown)
    took, processor = time.perf_counter() - begun, time.process_time() - worked
    grown(0)
    async with engine.connect() as connection:
        kept = (await connection.execute(select(EXPORTS).where(EXPORTS.c.id == id_))).one()
    if kept.status != ExportStatus.DONE:
        raise RuntimeError(f"the export was not made: {kept.status} {kept.failure}")
    return ExportCost(kept.made, kept.size, took, processor, most - before)
