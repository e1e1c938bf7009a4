"""The Open311 interface over a real socket, and the published clients against it."""
