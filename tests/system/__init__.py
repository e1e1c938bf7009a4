"""Tests that run the whole product by its own command."""
