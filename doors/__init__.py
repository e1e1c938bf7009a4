"""What the HTTP API and the pages share: sessions, dependencies, uploads, problem documents, readiness.

Routes do not belong here (`api`, `web`), nor does anything that the command line needs (`services`).
"""
