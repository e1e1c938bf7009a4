"""Measurements of `starter.py bench`, on the running servers, compared within one run.

Nothing here runs outside `bench` and its tests.
"""
