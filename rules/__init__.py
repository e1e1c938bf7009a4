"""The pure rules: which commands a case takes and from whom, which facts follow, and when it next wakes up.

No clock, no database, no network, no Temporal: the current time and the organisation are passed in as values. Only
`models` is imported here; the import rules check that.
"""
