"""Conditions on the table `cases` that several lists share: lights, deadlines, cursors. Scope: `infra.store.criteria`.

A condition runs no statement of its own, except for the policy's zone in `due_filter`.
"""
