"""Administration through the pages: the same as on the command line, with the caller's right checked here.

The work itself does not belong here (`services.organisation`, `services.policies`).
"""
