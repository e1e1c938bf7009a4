"""One decider per command, one stage per file. `rules.decide` checks stage and standing before it calls them.

A decider takes the case, the command and the context. It returns the bodies of the facts that follow, or raises a
domain error.
"""
