"""The words of matters (事项) for people: their commands, statuses and facts, one file per kind.

`registry` has them by kind; `common` those that every kind shares.
"""
