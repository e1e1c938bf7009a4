"""The work of the demonstration park beside its cases: enterprises, plans, stations, undertakings.

`all` makes everything, one file per subject; `history` lets a matter live through a past of its own.
"""
