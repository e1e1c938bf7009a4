"""`bench --stations`: readings of monitoring stations at a steady rate."""

import os

from cli.bench.time import Row
from cli.labels import localize
from models.context import Person
from services.measure.readings import measure_readings
from services.runtime.resources import Resources


async def reading_rows(
    resources: Resources, officer: Person, grid: str, stations: int, minutes: float, faster: float
) -> list[Row]:
    """Measure `stations` stations that send one reading a minute each, `faster` times as often, for `minutes`."""
    cost = await measure_readings(
        resources, officer, grid, os.environ["GRIDLOOP_WEB_URL"], stations=stations, seconds=minutes * 60,
        every=60 / faster,
    )  # fmt: skip
    what = localize(
        f"{stations} 个监测站各 {faster:g} 条/分钟", f"{stations} stations, {faster:g} reading(s) a minute each"
    )
    return [
        (f"{what}: p50 / p95 / p99 / {localize('最长,毫秒', 'worst, ms')}",
         f"{cost.p50:.0f} / {cost.p95:.0f} / {cost.p99:.0f} / {cost.worst:.0f}"),
        (localize("请求数(失败)", "requests (failed)"), f"{cost.count} ({cost.failed})"),
        (localize("系统占处理器(其中 PostgreSQL)", "the system's share of the processors (PostgreSQL's)"),
         f"{cost.system_share:.1%} ({cost.postgres_share:.1%})"),
    ]  # fmt: skip
