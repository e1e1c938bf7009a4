"""Deadlines: working time, limits, clocks, lights, and the explanation of each step of the arithmetic.

Who is told when one passes does not belong here (`rules.escalation`).
"""
