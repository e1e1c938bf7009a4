"""Workflows that do what none may; `test_sandbox` and `test_endless` expect them to fail."""

import time

from temporalio import workflow

from models.case import Case


@workflow.defn
class CarelessWorkflow:
    """Imports one of our packages without saying so."""

    @workflow.run
    async def run(self) -> str:
        """The name of what it should not have imported like this."""
        return Case.__name__


@workflow.defn
class ClockWorkflow:
    """Asks the machine for the time."""

    @workflow.run
    async def run(self) -> float:
        """A moment that a replay would not see again."""
        return time.time()


@workflow.defn
class EndlessWorkflow:
    """Never lets go of its step."""

    @workflow.run
    async def run(self) -> None:
        """Goes on for ever."""
        while True:
            pass
