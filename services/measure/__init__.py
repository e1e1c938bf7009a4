"""Measurements of `starter.py bench`, on the running servers, side by side in one run.

Nothing here runs outside `bench` and its tests.
"""
