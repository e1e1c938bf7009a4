"""The audit of both stores (对账) as the doors and the start of the system call it.

The comparison itself does not belong here (`activities.auditing`).
"""
