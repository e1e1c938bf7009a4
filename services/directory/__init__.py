"""Look up reference data in the caller's scope: units, categories, departments, people.

Loading and changing it does not belong here (`services.organisation`).
"""
