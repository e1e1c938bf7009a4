"""Provable history: anchors outside the database, exports that others can verify, and the verification."""
