"""What long-running jobs take and return: audits, bulletins, exports.

Commands and facts of a case do not belong here.
"""
