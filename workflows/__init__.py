"""Durable: what must go on though every process dies. Imports only `models` and the pure parts of `rules`."""
