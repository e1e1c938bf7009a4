"""Conditions on the table `cases` that several lists share: scope, lights, deadlines, cursors.

A condition runs no statement of its own, except for the policy's zone in `due_filter`.
"""
