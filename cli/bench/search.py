"""`bench --search`: the search by words, over very many cases."""

from cli.bench.time import Row
from cli.labels import localize
from services.measure.queue import format_percentiles
from services.measure.search import measure_search, search_database
from services.runtime.resources import Resources


async def search_rows(resources: Resources, cases: int, rounds: int = 20) -> list[Row]:
    """Measure milliseconds per query over `cases` cases, in a database of its own."""
    async with search_database(resources.settings, cases) as engine:
        speeds = await measure_search(engine, rounds)
    what = localize(f"搜索毫秒 p50 / p95,{cases} 件", f"search, ms p50 / p95, {cases} cases")
    hits = localize("件", "found")
    return [(f"{what}: {speed.query} ({speed.found} {hits})", format_percentiles(speed.waits)) for speed in speeds]
