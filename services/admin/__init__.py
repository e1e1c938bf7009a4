"""Administration through the pages: the same as the command line does, with the caller's right checked here.

The work itself does not belong here (`services.organisation`, `services.policies`).
"""
