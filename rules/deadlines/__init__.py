"""Deadlines: working time, limits, clocks, lights, and the explanation of each step of the arithmetic.

Who is informed when a deadline passes does not belong here (`rules.escalation`).
"""
