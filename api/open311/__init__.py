"""Open311 GeoReport v2 over HTTP: addresses that end in .xml or .json, forms, and answers in either format.

See docs/open311.md; what is told and taken is in `services.open311`.
"""
