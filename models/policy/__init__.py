"""The policy as data: document, standards, limits, calendars.

Rules that read a policy do not belong here (`rules`).
"""
