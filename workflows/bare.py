"""The yardstick of `starter.py bench`: takes five updates and does nothing else."""

from temporalio import workflow


@workflow.defn(name="Bare")
class BareWorkflow:
    """A workflow with no rules, no records and no timers: what Temporal alone costs."""

    def __init__(self) -> None:
        self._taken = 0

    @workflow.run
    async def run(self, report: dict[str, str]) -> int:
        """Ends after five updates."""
        await workflow.wait_condition(lambda: self._taken >= 5 and workflow.all_handlers_finished())
        return self._taken

    @workflow.update
    def take(self, command: dict[str, str]) -> int:
        """Counts, and answers the count."""
        self._taken += 1
        return self._taken
