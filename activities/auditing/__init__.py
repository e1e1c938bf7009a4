"""The audit: compares PostgreSQL and Temporal, both ways, and repairs through the workflows alone.

`auditor` runs a whole audit; `case_rows` and `running_workflows` read the two sides; `compare` compares one case;
`repair` repairs findings; `sentences` words them; `activity` is the scheduled audit; `metrics` sets its gauges.
"""
