"""Mailboxes: the look that decides what a person is told, and what wakes them."""
