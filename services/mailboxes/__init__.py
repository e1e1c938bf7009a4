"""Mailboxes as people see them: what is said, what they choose, their addresses, what became of a notice."""
