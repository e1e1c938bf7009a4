"""Escalation: the wake-ups of a case, the recipients of each step, urge orders, the forecast.

When something is due does not belong here (`rules.deadlines`).
"""
