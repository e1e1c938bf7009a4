"""Settings of the workflow sandbox, and how fast a dead worker is noticed."""

from datetime import timedelta

#: Our pure packages and the libraries they use. Importing them again for every workflow instance would cost some
#: 190 ms and 3 MiB each; a test holds that no other package of ours is imported by a workflow.
PURE_MODULES = ("models", "rules", "workflows.calls", "uuid_utils", "pydantic", "annotated_types")
#: A worker passes the workflow files through as well: executing them again costs some 4 ms a case. The tests run them
#: inside the sandbox and replay every command, so a call that a replay would not repeat is found there.
PASSTHROUGH_MODULES = (*PURE_MODULES, "workflows")

#: How long the cached cases of a dead worker wait before another worker takes them (the SDK's default is 10 s).
STICKY_TIMEOUT = timedelta(seconds=2)
