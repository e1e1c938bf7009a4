"""The organisation: grid registry, people, roster, and the lint that finds roles that nobody holds.

Looking people up for a form does not belong here (`services.directory`).
"""
