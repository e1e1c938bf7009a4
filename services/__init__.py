"""The use cases and queries that the doors (HTTP API, command line, pages) share."""
