"""Simulation: cases replayed under a policy, and a rehearsal of a year before a policy is published.

Reading and writing files does not belong here.
"""
