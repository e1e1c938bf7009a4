"""Monitoring stations: their keys, taking readings, and showing them."""
