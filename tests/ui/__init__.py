"""Browser tests of the pages: a real Chromium against a real server."""
