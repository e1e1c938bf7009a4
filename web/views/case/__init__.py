"""What the page of one case shows: actions, forms, timeline, facts in sentences, pictures."""
