"""Names that both sides of a connection must share: queues, workflows, updates, activities."""

from uuid import UUID

CASE_QUEUE = "gridloop-cases"


def heavy_queue(case_queue: str) -> str:
    """Return the queue of the work that takes long, beside the queue of the cases.

    Exports, audits, bulletins, rollouts, archive, anchors, training. A worker process serves one of the two queues, or
    both.
    """
    return f"{case_queue}-heavy"


def sends_queue(case_queue: str) -> str:
    """Return the queue of what is sent to other systems, which may keep a worker waiting.

    Processes that serve the heavy work serve it, with a worker of its own.
    """
    return f"{case_queue}-sends"


CASE_WORKFLOW = "Case"
ROLLOUT_WORKFLOW = "Rollout"
AUDIT_WORKFLOW = "Audit"
MATTER_WORKFLOW = "Matter"

RECEIPT_UPDATE = "receipt"
ACT_UPDATE = "act"
ABSORB_UPDATE = "absorb"
SYSTEM_UPDATE = "system"
STATE_QUERY = "state"

RECORD_ACTIVITY = "record"
TELL_CASE_ACTIVITY = "tell_case"
OPEN_CASE_ACTIVITY = "open_case"
ROLLOUT_ACTIVITY = "roll_out"
AUDIT_ACTIVITY = "audit"
RECORD_MATTER_ACTIVITY = "record_matter"

#: The public account (公众): it acts for whoever holds a progress code, and reports for people without an account.
#: Nobody signs in as it.
PUBLIC = UUID("00000000-0000-7000-8000-000000000001")

#: The account of the monitoring stations (环境监测站): the reporter of every case that readings or their absence open,
#: and the only one whose reports have the source `sensor`. Nobody signs in as it.
STATIONS = UUID("00000000-0000-7000-8000-000000000002")

#: The account of the Open311 interface: it reports and speaks for programs that have a key of a place, and is the only
#: one whose reports have the source `open311`. Nobody signs in as it.
OPEN311 = UUID("00000000-0000-7000-8000-000000000311")
