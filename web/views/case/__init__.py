"""The content of a case page: actions, forms, timeline, facts in words, pictures."""
