"""The workflows that `starter.py bench` compares a case with: five updates, and almost nothing else."""

from datetime import timedelta

from temporalio import workflow

#: The activity of `WayWorkflow`.
NOTHING = "nothing"


@workflow.defn(name="Bare")
class BareWorkflow:
    """A workflow with no rules, no records and no timers: what Temporal alone costs."""

    def __init__(self) -> None:
        self._taken = 0

    @workflow.run
    async def run(self, report: dict[str, str]) -> int:
        """Wait for five updates. Return their number."""
        await workflow.wait_condition(lambda: self._taken >= 5 and workflow.all_handlers_finished())
        return self._taken

    @workflow.update
    def take(self, command: dict[str, str]) -> int:
        """Count the update. Return the count."""
        self._taken += 1
        return self._taken


@workflow.defn(name="Way")
class LocalActivityWorkflow:
    """A workflow with the steps of recording but no record: at each step an empty local activity and a timer."""

    def __init__(self) -> None:
        self._taken = 0

    @workflow.run
    async def run(self, report: dict[str, str]) -> int:
        """Take the report's own step, then wait until five steps are done. Return their number."""
        await self._step(report)
        while (taken := self._taken) < 5:
            await workflow.wait_condition(lambda: self._taken > taken, timeout=timedelta(hours=1))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._taken

    @workflow.update
    async def receipt(self, report: dict[str, str]) -> int:
        """Wait for the report's step. Return the number of steps done."""
        await workflow.wait_condition(lambda: self._taken > 0)
        return self._taken

    @workflow.update
    async def take(self, command: dict[str, str]) -> int:
        """Count the update. Return the count."""
        await self._step(command)
        return self._taken

    async def _step(self, given: dict[str, str]) -> None:
        await workflow.execute_local_activity(NOTHING, given, start_to_close_timeout=timedelta(seconds=6))
        self._taken += 1
