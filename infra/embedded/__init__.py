"""The servers that `up` runs on one machine, and the supervisor that keeps them running."""
