"""A progress bar for work that counts what it has done."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.output import err


@contextmanager
def counting_phases(titles: Mapping[str, str]) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each phase, by its title; the function takes the phase, how many are done, and of how many."""
    with Progress(*_columns(), console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(titles[phase], total=total)
            bar.update(tasks[phase], completed=done, total=max(total, done))

        yield progress


@contextmanager
def counting(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar while the block runs; the function that it gets takes how many are done, and of how many."""
    with Progress(*_columns(), console=err, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=max(total, done))

        yield progress


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
