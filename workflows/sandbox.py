"""How workflows are run: what enters the sandbox as it is, and how fast a dead worker is noticed."""

from datetime import timedelta

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info

#: Pure packages of ours and what they stand on. Importing them anew for every workflow instance would cost some
#: 190 ms and 3 MiB each; a test holds that nothing else of ours slips in unnoticed.
PURE = ("models", "rules", "workflows.steps", "workflows.parts", "uuid_utils", "pydantic", "annotated_types")
#: A worker passes the workflows' own files as well: running them anew costs some 4 ms a case. That they ask for nothing
#: which a replay would not see again is checked where they do run anew: the tests replay every command that way.
PASSED_THROUGH = (*PURE, "workflows")

#: After a worker dies, its cached cases wait this long before another takes them (the default is 10 s).
STICKY_PATIENCE = timedelta(seconds=2)


class ContextFreeRunner(SandboxedWorkflowRunner):
    """The sandbox, entered to run workflow code and for nothing else.

    The SDK also enters it three times for every payload, to ask in which context it is converted: 87 times a case.
    Our converter makes nothing of contexts (a test holds that), so the answer is known outside.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """A sandboxed instance, as its parent makes it."""
        return _ContextFree(super().create_instance(det))


class _ContextFree(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: object) -> SerializationContext | None:
        return None

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
