"""The statistics feed for the next level up: figures by day and of the present, without anything about people.

Definitions are those of `services.figures`; scope is that of the token's holder.
"""
