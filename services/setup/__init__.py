"""What an own PostgreSQL and an own Temporal need: looked at, made where we may, and else told with the remedy."""
