"""Files that come in or go out: YAML, CSV, JSON and Excel, each problem with file and line.

What is stored from them does not belong here.
"""
