"""Commands about provable history: verify, anchor, export."""
