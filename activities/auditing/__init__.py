"""The auditor: compares both stores, both ways, and repairs through the workflow alone.

`auditor` goes through all of it; `rows` and `running` read the two sides, `looking` compares one case, `repairing`
puts right what can be, `words` says what was found, `step` is the audit as the schedule runs it.
"""
