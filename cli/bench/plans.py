"""`bench --workshops`: a year of one plan of recurring work."""

from cli.bench.time import Row
from cli.labels import localize
from models.context import Person
from services.measure.plans import COMMANDS, measure_plan_year
from services.runtime.resources import Resources


async def plan_rows(resources: Resources, person: Person, grid: str, workshops: int) -> list[Row]:
    """Measure a year of a plan of `workshops` with two shifts a day."""
    year = await measure_plan_year(resources, person, grid, workshops=workshops)
    runs = localize(
        f"{COMMANDS} 条命令后最长一段的事件数(段数)", f"events of the longest run after {COMMANDS} commands (runs)"
    )
    return [
        (
            localize(f"{workshops} 个车间一年:勤务 / 步骤", f"a year of {workshops} workshops: duties / steps"),
            f"{year.duties} / {year.steps}",
        ),
        (
            localize("每步毫秒:年初 / 年末", "ms a step: at first / at last"),
            f"{year.first_ms:.1f} / {year.last_ms:.1f}",
        ),
        (localize("计划状态最大,字节", "the plan's state at most, bytes"), f"{year.state_bytes:,}"),
        (localize("事实(字节)", "facts (bytes)"), f"{year.facts} ({year.fact_bytes:,})"),
        (localize("勤务行字节", "bytes of its duties"), f"{year.duty_bytes:,}"),
        (runs, f"{year.events} ({year.runs})"),
    ]
