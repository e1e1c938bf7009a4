"""The contents of the pages of the work of the park."""
