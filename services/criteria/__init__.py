"""Conditions on the table `cases` that several lists share: scope, lights, deadlines, cursors.

Reads nothing by itself; who uses a condition runs the statement.
"""
