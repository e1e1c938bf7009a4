"""Reports (上报): submission, locating the grid unit, import of lists, one's own reports.

What happens to a case afterwards does not belong here.
"""
