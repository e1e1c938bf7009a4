"""Names that both sides of a wire must spell alike."""

CASE_QUEUE = "gridloop-cases"

CASE_WORKFLOW = "Case"
ROLLOUT_WORKFLOW = "Rollout"
AUDIT_WORKFLOW = "Audit"

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
