"""Measure supervision and lists with few and with many closed cases, in a database of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.settings import Settings
from services.measure.case_lists import ListSpeed, measure_lists
from services.measure.supervision import Speed, benchmark_database, fill_cases, measure_supervision

#: How often each list is asked for.
LIST_ROUNDS = 9


@dataclass(frozen=True)
class Compared:
    """The speed with few and with many closed cases; the open ones are the same. `lists` are those over the many."""

    few: Speed
    many: Speed
    lists: tuple[ListSpeed, ...]

    @property
    def board_ratio(self) -> float:
        """How many times longer the board takes with many."""
        return self.many.board_p95 / self.few.board_p95

    @property
    def overdue_ratio(self) -> float:
        """How many times longer the overdue list takes with many."""
        return self.many.overdue_p95 / self.few.overdue_p95


async def compare_supervision(
    settings: Settings,
    *,
    few: int = 100_000,
    many: int = 1_000_000,
    open_cases: int = 20_000,
    rounds: int = 60,
    tell: Callable[[str], None] = lambda line: None,
) -> Compared:
    """Measure with `few` closed cases, add up to `many`, and measure again, in a database that is then dropped.

    Needs some 3 GB on the server of `settings`, and the right to create a database there. `tell` receives lines of
    progress.
    """
    async with benchmark_database(settings) as engine:
        tell(f"{few} + {open_cases}")
        await fill_cases(engine, 0, few, open_cases)
        first = await measure_supervision(engine, rounds)
        tell(f"{many} + {open_cases}")
        await fill_cases(engine, few, many, 0)
        many_speed = await measure_supervision(engine, rounds)
        return Compared(first, many_speed, await measure_lists(engine, LIST_ROUNDS))
