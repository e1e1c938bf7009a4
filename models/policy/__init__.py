"""The policy as data: document, standards, limits, calendars.

Rules that apply a policy do not belong here (`rules`).
"""
