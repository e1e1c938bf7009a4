"""Simulation: cases run again under a policy, and a year rehearsed before one is published.

Reading and writing files does not belong here.
"""
