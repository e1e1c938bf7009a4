"""Gauges of the latest audit."""

import math
import time
from datetime import timedelta

from infra.metrics import AUDIT_AGE, AUDIT_FINDINGS
from models.jobs.audit import AuditSummary

AUDIT_AGE.set(math.inf)


def set_gauges(summary: AuditSummary) -> None:
    """Set the gauges to the counts and the age of `summary`."""
    for kind, count in summary.counts.items():
        AUDIT_FINDINGS.labels(kind=kind).set(count)
    ended = (summary.at + timedelta(seconds=summary.seconds)).timestamp()
    AUDIT_AGE.set(max(0.0, time.time() - ended))
