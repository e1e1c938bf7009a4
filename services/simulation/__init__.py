"""Simulation (推演): policies side by side over recorded facts or a file of reports; results as table, JSON, page.

The arithmetic does not belong here (`rules.simulation`).
"""
