"""`bench --export`: a long list as a workbook, made as the workers make it."""

from cli.bench.time import Row
from cli.labels import localize
from services.measure.exports import measure_export
from services.measure.queue import queue_database
from services.runtime.resources import Resources

#: Share of open cases. Their rows hold more text and take longer.
OPEN_SHARE = 0.3


async def export_rows(resources: Resources, cases: int) -> list[Row]:
    """Measure a workbook of `cases` cases, made in this process from a database of its own: time, memory, size."""
    async with queue_database(resources.settings, cases, OPEN_SHARE) as engine:
        cost = await measure_export(engine)
    what = localize(f"{cost.rows} 行的 Excel", f"workbook of {cost.rows} rows")
    return [
        (localize(f"{what}:秒(其中处理器)", f"{what}: seconds (of processor time)"),
         f"{cost.seconds:.1f} ({cost.processor_seconds:.1f})"),
        (localize(f"{what}:进程增加的内存,MiB", f"{what}: growth of the process, MiB"), f"{cost.added / 2**20:.0f}"),
        (localize(f"{what}:文件,MB", f"{what}: the file, MB"), f"{cost.size / 1e6:.1f}"),
    ]  # fmt: skip
