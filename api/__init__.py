"""The HTTP API in JSON. Pages do not belong here (`web`), nor what both share (`doors`)."""
