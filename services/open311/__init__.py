"""The Open311 interface (GeoReport v2): what programs of others may read of cases, and how they report.

HTTP, XML and JSON do not belong here (`api.open311`).
"""
