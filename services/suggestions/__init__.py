"""Suggestions at intake: learnt from a park's own closed cases, shown with their reasons, decided by people."""
