"""The rules of matters (事项): what may be done to each kind, by whom, what follows, and what wakes it.

`kind` is the shape that every kind's rules have, `decide` runs them, `standing` says who is who, `climb` has the ladder
of what is overdue. One file (or package) per kind; `registry` lists them.
"""
