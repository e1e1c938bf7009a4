"""Settings of the workflow sandbox, and the time after which a dead worker's cases move to another."""

from datetime import timedelta

#: Our pure packages and the libraries they use. Importing them again for every workflow instance would cost some
#: 190 ms and 3 MiB each; a test checks that workflows import no other package of ours.
PURE_MODULES = ("models", "rules", "workflows.calls", "uuid_utils", "pydantic", "annotated_types")
#: A worker passes the workflow files through as well: executing them again costs some 4 ms a case. The tests run them
#: inside the sandbox and replay every command, so they find non-deterministic calls.
PASSTHROUGH_MODULES = (*PURE_MODULES, "workflows")

#: How long the cached cases of a dead worker wait before another worker takes them (the SDK's default is 10 s).
STICKY_TIMEOUT = timedelta(seconds=2)
