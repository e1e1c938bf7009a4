"""What one process holds: its connections, and the reference data it keeps while PostgreSQL is away.

Nothing about a single case belongs here.
"""
