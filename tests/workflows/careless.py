"""A workflow that imports one of our packages without saying so; `test_sandbox` expects it to be refused."""

from temporalio import workflow

from models.case import Case


@workflow.defn
class CarelessWorkflow:
    """Does nothing, carelessly."""

    @workflow.run
    async def run(self) -> str:
        """The name of what it should not have imported like this."""
        return Case.__name__
