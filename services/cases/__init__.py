"""Reading cases: filter, list, one case, its timeline, forecast and likely duplicates.

Changing a case does not belong here (`services.commands`), nor does a page's layout (`services.desk`).
"""
