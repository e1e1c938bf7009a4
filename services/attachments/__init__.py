"""Attachments: intake, media type by content, image re-encoding, the files on disk.

How a case page shows them does not belong here (`services.desk`).
"""
