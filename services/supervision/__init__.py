"""The supervisor's figures: what is counted, the board, the overdue list, the ranking, exports, bulletins.

Every figure is one condition on `cases` (`figures`), used by its count and by its list alike.
"""
