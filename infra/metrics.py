"""The Prometheus metrics of all processes, and the text of `/metrics`.

With several processes (workers, API), `PROMETHEUS_MULTIPROC_DIR` names a directory that they share, and `/metrics` of
each shows the sum; `up` sets it. Without it, a process shows only its own counts.
"""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from infra.pools import POOLS

MULTIPROC_DIR_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

RECORDED = Counter("gridloop_recorded", "Recording steps that recorded something or caught up", ["command"])
REFUSED = Counter("gridloop_refused", "Recording steps refused", ["command", "code"])
REMINDED = Counter("gridloop_reminded", "Reminders of a deadline that has passed")
LATENESS = Histogram(
    "gridloop_due_lateness_seconds",
    "How long after its moment a due step was recorded, by the kind of fact it became",
    ["what"],
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600),
)
ORG_ALARMS = Counter("gridloop_org_alarms", "Times that a step of a ladder found a role vacant", ["role"])
MAIL_MESSAGES = Counter(
    "gridloop_mail_messages", "Messages to people that their mailboxes decided to send, by form", ["form"]
)
MAIL_WAITING = Gauge(
    "gridloop_mail_items_waiting",
    "Items that wait in mailboxes, as the latest audit counted them",
    multiprocess_mode="mostrecent",
)
MAIL_OLDEST = Gauge(
    "gridloop_mail_oldest_seconds",
    "For how long the oldest item has waited that no mailbox has looked at, as of the latest audit",
    multiprocess_mode="mostrecent",
)
MAIL_UNREAD = Gauge(
    "gridloop_mail_urgent_unread",
    "What people must be told at once, was told 15 minutes to a day ago, and has not been read, as of the latest audit",
    multiprocess_mode="mostrecent",
)
MAIL_STORMS = Gauge(
    "gridloop_mailboxes_in_storm",
    "Mailboxes that tell a storm by one summary, as of the latest audit",
    multiprocess_mode="mostrecent",
)
READINGS = Counter("gridloop_readings", "Readings of monitoring stations, by what became of them", ["outcome"])
FILES_SWEPT = Counter("gridloop_files_swept", "Uploaded files removed because nothing named them")
SENDS = Counter("gridloop_send_attempts", "Attempts to send a message, by channel and result", ["channel", "outcome"])
SENDS_WAITING = Gauge(
    "gridloop_sends_waiting", "Messages that no channel has taken yet", multiprocess_mode="mostrecent"
)
SENDS_WAITING_AGE = Gauge(
    "gridloop_sends_waiting_age_seconds", "How long the oldest of them has waited", multiprocess_mode="mostrecent"
)
SENDS_UNCLEAR = Gauge(
    "gridloop_sends_unclear",
    "Messages of which nobody knows whether they arrived, as of the latest audit",
    multiprocess_mode="mostrecent",
)
OPEN311_MEDIA = Gauge(
    "gridloop_open311_media_waiting",
    "Files that reports named and that are not fetched yet, as of the latest audit",
    multiprocess_mode="mostrecent",
)
CASES_RETIRED = Counter("gridloop_cases_retired", "Old cases that left the database for the archive")
CASES_KEPT = Gauge(
    "gridloop_cases_kept",
    "Cases that are old enough to be retired and stay, at the latest run, by the reason",
    ["why"],
    multiprocess_mode="mostrecent",
)
OBJECTS_FAILED = Counter(
    "gridloop_objects_failed",
    "What a store of objects (attachments, archive) did not do: put, get, delete, list or check, and why",
    ["store", "operation", "reason"],
)
AUDIT_FINDINGS = Gauge(
    "gridloop_audit_findings", "What the latest audit found, by kind", ["kind"], multiprocess_mode="mostrecent"
)
AUDIT_MENDED = Gauge(
    "gridloop_audit_mended", "What the latest audit mended by itself, by kind", ["kind"], multiprocess_mode="mostrecent"
)
HANDOVERS = Counter(
    "gridloop_handovers", "Requests that gave a case to an outside system, by what became of them", ["result"]
)
HANDOVERS_OPEN = Gauge(
    "gridloop_handovers_open",
    "Cases in the hands of outside systems that are not over, by state, as the latest audit counted them",
    ["state"],
    multiprocess_mode="mostrecent",
)
HANDOVERS_AGE = Gauge(
    "gridloop_handovers_age_seconds",
    "How long ago the oldest hand-over in each state began, as of the latest audit",
    ["state"],
    multiprocess_mode="mostrecent",
)
HANDOVERS_LATE = Gauge(
    "gridloop_handovers_late",
    "Hand-overs that were not answered in time, as the latest audit counted them",
    multiprocess_mode="mostrecent",
)
AUDIT_AGE = Gauge(
    "gridloop_audit_age_seconds",
    "How long ago the latest audit ended; infinite before the first",
    multiprocess_mode="mostrecent",
)
REQUESTS = Histogram(
    "gridloop_request_seconds",
    "Time to answer an HTTP request",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def render_metrics() -> bytes:
    """Return the metrics in Prometheus text format: of all processes that share the directory, or of this one.

    The gauges of pools are those of this process alone.
    """
    if not os.environ.get(MULTIPROC_DIR_VARIABLE):
        return render_own_metrics()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(POOLS)
    return generate_latest(registry)


def render_own_metrics() -> bytes:
    """Return the metrics of this process alone, whichever directory it shares."""
    return generate_latest(REGISTRY)
