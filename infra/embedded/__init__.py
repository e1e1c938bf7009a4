"""The servers that `up` runs on one machine, and what keeps them running."""
