"""What each command brings about, one stage a file. `rules.decide` has checked stage and standing before.

A move takes the case, the command and the context, and answers the bodies of the facts that follow, or
raises a domain error.
"""
