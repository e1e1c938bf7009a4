"""The pure domain: what may happen to a case, what then is, who may, and when next.

No clock, no database, no network, no Temporal: the moment and the world come in as values. Only
`models` is imported here, which the import rules hold.
"""
