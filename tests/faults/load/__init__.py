"""A mixed load on a real `up` under faults, and the comparison of what was acknowledged with what both stores hold.

`python -m tests.faults.load` runs it for `SOAK_MINUTES` with `SEED`; `tests/faults/test_mixed_load.py` for two minutes.
"""
