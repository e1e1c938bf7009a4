"""Hand-overs to departments' outside systems: receivers, answers, the list to settle, the audit."""
