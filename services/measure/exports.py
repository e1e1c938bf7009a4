"""Measure what a long list as a file costs: made as in the workflow's activity, in a database filled by SQL."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.ids import new_id
from models.jobs.export import ExportFormat, ExportKind, ExportStatus
from models.tables import EXPORTS
from services.exports.make import make_export
from services.exports.request import ExportRequest
from services.measure.queue import people


@dataclass(frozen=True)
class ExportCost:
    """The cost of an export: rows and bytes of the file, seconds until it was stored, processor seconds of this
    process.

    `added`: by how many bytes at most the process grew meanwhile; `peak`: the most that it occupied (RSS).
    """

    rows: int
    size: int
    seconds: float
    processor_seconds: float
    added: int
    peak: int


async def measure_export(engine: AsyncEngine, format_: ExportFormat = ExportFormat.XLSX) -> ExportCost:
    """Export every case of a database of `services.measure.queue`, requested by its supervisor."""
    supervisor = people()[-1]
    id_, request = new_id(), ExportRequest(kind=ExportKind.CASES, format=format_)
    row = {
        "id": id_, "owner": supervisor.id, "kind": request.kind.value, "digest": str(id_), "language": "zh",
        "wanted": request.stored(), "status": ExportStatus.WAITING,
        "asked_at": datetime.now(UTC), "made": 0,
    }  # fmt: skip
    async with transaction(engine) as connection:
        await connection.execute(insert(EXPORTS).values(row))
    process = psutil.Process()
    before = peak = process.memory_info().rss

    def record_peak(_: int) -> None:
        nonlocal peak
        peak = max(peak, process.memory_info().rss)

    begun, worked = time.perf_counter(), time.process_time()
    await make_export(engine, id_, record_peak)
    elapsed, processor = time.perf_counter() - begun, time.process_time() - worked
    record_peak(0)
    async with engine.connect() as connection:
        export = (await connection.execute(select(EXPORTS).where(EXPORTS.c.id == id_))).one()
    if export.status != ExportStatus.DONE:
        raise RuntimeError(f"the export failed: {export.status} {export.failure}")
    return ExportCost(export.made, export.size, elapsed, processor, peak - before, peak)
