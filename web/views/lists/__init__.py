"""The content of lists: their addresses, rows, tabs and periods."""
