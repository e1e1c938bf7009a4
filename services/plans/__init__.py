"""Plans (计划) and duties (勤务): `duties` lists and shows them, `filter` narrows, `report` sends what was done.

`own` is what the phone keeps, `figures` counts, `load` says how much is asked of whom.
"""
