"""Sentences and labels for people in Chinese and English: codes, refusals, input faults.

Texts of single pages do not belong here (`web/locale`).
"""
