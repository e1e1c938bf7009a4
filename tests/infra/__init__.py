"""Tests of the machinery around the domain."""
