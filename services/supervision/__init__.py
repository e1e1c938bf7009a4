"""Supervision (督查): board, overdue list, ranking, urge orders, analysis, map.

The definition of a figure does not belong here (`services.figures`).
"""
