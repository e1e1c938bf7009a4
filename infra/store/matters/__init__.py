"""SQL of the recording step of matters: `rows` for all kinds, `context` around a decision, one file for each kind that
reads or writes more than its own row, and `registry`, which lists those.
"""
