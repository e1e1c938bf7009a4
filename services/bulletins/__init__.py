"""Bulletins (通报): their contents, storage, schedules and workbooks.

How figures are counted does not belong here (`services.figures`).
"""
