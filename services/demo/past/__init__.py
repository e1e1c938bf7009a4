"""The last sixty days of the demonstration park: cases decided by the rules at past moments, and stored in bulk."""
