"""The desk: tabs of the queue, inbox, case page, viewers, saved views, notices, evidence.

Conditions on cases that other lists share do not belong here (`services.criteria`).
"""
