"""Policies: files, variants, preview, publication, versions, Chinese calendars.

Simulating a policy does not belong here (`services.simulation`).
"""
