"""The data models: facts, commands, the case, policies, messages, tables, views, errors.

Nothing here imports another package of ours, and nothing here does input or output.
"""
