"""Exports (导出): lists as workbooks, short ones at once, long ones by a workflow and kept for a while.

The workbook format does not belong here (`services.files`).
"""
