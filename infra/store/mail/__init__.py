"""Mailboxes in PostgreSQL: what comes in, what waits, what was decided, what people chose."""
