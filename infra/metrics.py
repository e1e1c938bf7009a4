"""What is counted, for `/metrics`."""

from prometheus_client import Counter, Histogram

RECORDED = Counter("gridloop_recorded", "Recording steps that recorded something or caught up", ["command"])
REFUSED = Counter("gridloop_refused", "Recording steps refused", ["command", "code"])
REMINDED = Counter("gridloop_reminded", "Reminders of a deadline that has passed")
LATENESS = Histogram(
    "gridloop_due_lateness_seconds",
    "How long after its moment a deadline was recorded as passed",
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600),
)
REQUESTS = Histogram(
    "gridloop_request_seconds",
    "Time to answer an HTTP request",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
