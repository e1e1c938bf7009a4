"""The yardsticks of `starter.py bench`: they take five updates, and do nothing else or next to nothing."""

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
        """Ends after five updates."""
        await workflow.wait_condition(lambda: self._taken >= 5 and workflow.all_handlers_finished())
        return self._taken

    @workflow.update
    def take(self, command: dict[str, str]) -> int:
        """Counts, and answers the count."""
        self._taken += 1
        return self._taken


@workflow.defn(name="Way")
class LocalActivityWorkflow:
    """What the way to a record costs without the record: at each step an empty local activity, and a timer set anew."""

    def __init__(self) -> None:
        self._taken = 0

    @workflow.run
    async def run(self, report: dict[str, str]) -> int:
        """The first step is the report's own. Ends after five."""
        await self._step(report)
        while (taken := self._taken) < 5:
            await workflow.wait_condition(lambda: self._taken > taken, timeout=timedelta(hours=1))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._taken

    @workflow.update
    async def receipt(self, report: dict[str, str]) -> int:
        """Answers when the report's step is done."""
        await workflow.wait_condition(lambda: self._taken > 0)
        return self._taken

    @workflow.update
    async def take(self, command: dict[str, str]) -> int:
        """Counts, and answers the count."""
        await self._step(command)
        return self._taken

    async def _step(self, given: dict[str, str]) -> None:
        await workflow.execute_local_activity(NOTHING, given, start_to_close_timeout=timedelta(seconds=6))
        self._taken += 1
