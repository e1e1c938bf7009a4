"""`bench --export`: a long list as a file of each format, made as the workers make it."""

from cli.bench.time import Row
from cli.labels import localize
from models.jobs.export import ExportFormat
from services.measure.exports import measure_export
from services.measure.queue import queue_database
from services.runtime.resources import Resources

#: Share of open cases. Their rows hold more text and take longer.
OPEN_SHARE = 0.3


async def export_rows(resources: Resources, cases: int) -> list[Row]:
    """Measure files of `cases` cases, made in this process from a database of its own: time, memory, size.

    The workbook comes last: the process keeps what it grew by.
    """
    rows: list[Row] = []
    async with queue_database(resources.settings, cases, OPEN_SHARE) as engine:
        for format_ in reversed(list(ExportFormat)):
            cost = await measure_export(engine, format_)
            what = localize(f"{cost.rows} 行的 {format_}", f"{format_} of {cost.rows} rows")
            seconds = localize(f"{what}:秒(其中处理器)", f"{what}: seconds (of processor time)")
            growth = localize(f"{what}:进程增加的内存(峰值),MiB", f"{what}: growth of the process (its peak), MiB")
            rows += [
                (seconds, f"{cost.seconds:.1f} ({cost.processor_seconds:.1f})"),
                (growth, f"{cost.added / 2**20:.0f} ({cost.peak / 2**20:.0f})"),
                (localize(f"{what}:文件,MB", f"{what}: the file, MB"), f"{cost.size / 1e6:.1f}"),
            ]
    return rows
