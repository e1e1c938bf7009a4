"""Attachments: intake, media type by content, image re-encoding, the files on disk.

What a case page shows of them does not belong here (`services.desk`).
"""
