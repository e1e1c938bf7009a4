"""Who sees which rows, as conditions in SQL: cases, matters, duties. The recording step and every list share them.

A condition runs no statement of its own.
"""
