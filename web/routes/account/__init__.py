"""Signing in, and what a reader sets for themselves."""
