"""Escalation: the wake-ups of a case, whom each step reaches, urge orders, the forecast.

When something is due does not belong here (`rules.deadlines`).
"""
