"""SQL for PostgreSQL: one topic per file, one function per question.

Commit and rollback belong to the caller.
"""
