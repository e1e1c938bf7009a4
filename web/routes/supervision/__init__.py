"""Pages of supervision: board, overdue list, ranking, urge orders, bulletins, analysis, map, ladder."""
