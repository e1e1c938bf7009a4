"""The demonstration park: its registry, and cases played through the same doors as real ones.

Nothing that a real installation needs belongs here.
"""
