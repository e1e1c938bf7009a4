"""Names that both sides of a wire must spell alike."""

CASE_QUEUE = "gridloop-cases"

CASE_WORKFLOW = "Case"

RECEIPT_UPDATE = "receipt"
ACT_UPDATE = "act"
STATE_QUERY = "state"
FACTS_QUERY = "facts"

RECORD_ACTIVITY = "record"
TELL_CASE_ACTIVITY = "tell_case"
OPEN_CASE_ACTIVITY = "open_case"
