"""`bench`: one module per subject of measurement, and the command that runs them.

The measurements themselves do not belong here (`services.measure`).
"""
