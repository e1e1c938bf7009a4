"""Sending commands to case workflows, one or many at once.

What a command does does not belong here (`rules.deciders`).
"""
