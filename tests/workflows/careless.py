"""Workflows that break the rules; `test_sandbox` and `test_endless` expect them to fail."""

import time

from temporalio import workflow

from models.case import Case


@workflow.defn
class CarelessWorkflow:
    """Imports one of our packages that is not passed through."""

    @workflow.run
    async def run(self) -> str:
        """Return the name of the module that it should not import."""
        return Case.__name__


@workflow.defn
class ClockWorkflow:
    """Reads the machine's clock."""

    @workflow.run
    async def run(self) -> float:
        """Return a moment that a replay would not repeat."""
        return time.time()


@workflow.defn
class EndlessWorkflow:
    """Never ends its workflow task."""

    @workflow.run
    async def run(self) -> None:
        """Run for ever."""
        while True:
            pass
