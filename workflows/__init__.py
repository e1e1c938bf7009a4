"""Temporal workflows, which survive the death of every process. They import only `models` and `rules`."""
