"""What one process holds: its connections, and what it remembers while PostgreSQL is away.

Nothing about a single case belongs here.
"""
