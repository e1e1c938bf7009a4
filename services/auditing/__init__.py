"""The audit of both stores (对账), for the doors and the start of the system.

The comparison itself does not belong here (`activities.auditing`).
"""
