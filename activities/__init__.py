"""Activities: the parts of workflows that reach PostgreSQL, other workflows and files."""
