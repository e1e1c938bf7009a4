"""Small servers on this machine that stand for other systems, and check what those check."""
