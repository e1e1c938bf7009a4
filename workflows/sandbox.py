"""How workflows are run: what enters the sandbox as it is, and how fast a dead worker is noticed."""

from datetime import timedelta

#: Pure packages of ours and what they stand on. Importing them anew for every workflow instance would cost some
#: 190 ms and 3 MiB each; a test holds that nothing else of ours slips in unnoticed.
PASSED_THROUGH = ("models", "rules", "workflows.steps", "workflows.parts", "uuid_utils", "pydantic", "annotated_types")

#: After a worker dies, its cached cases wait this long before another takes them (the default is 10 s).
STICKY_PATIENCE = timedelta(seconds=2)
