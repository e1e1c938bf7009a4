"""The channels by which messages leave: one module for each kind, each with one function that makes one attempt."""
