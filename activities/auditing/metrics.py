"""Gauges of the latest audit."""

import math
import time
from datetime import timedelta

from infra.metrics import AUDIT_AGE, AUDIT_FINDINGS, AUDIT_MENDED
from models.jobs.audit import AuditSummary, count_kinds

AUDIT_AGE.set(math.inf)


def set_gauges(summary: AuditSummary) -> None:
    """Set the gauges to the counts and the age of `summary`."""
    for kind, count in summary.counts.items():
        AUDIT_FINDINGS.labels(kind=kind).set(count)
    for kind, count in count_kinds(summary.mended).items():
        AUDIT_MENDED.labels(kind=kind).set(count)
    ended = (summary.at + timedelta(seconds=summary.seconds)).timestamp()
    AUDIT_AGE.set(max(0.0, time.time() - ended))
