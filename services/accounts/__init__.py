"""Accounts: sign-in, passwords, throttling of attempts, a person's own preferences.

Roles and absences do not belong here (`services.organisation`).
"""
