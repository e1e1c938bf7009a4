"""People without an account: their report, its progress code, and what they may do with it.

The rights of staff do not belong here.
"""
