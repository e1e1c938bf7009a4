"""The organisation: grid tree, generated lower levels, roster, and the lint that finds gaps.

Routing of a case does not belong here (`rules.routing`).
"""
