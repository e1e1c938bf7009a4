"""Drawings as SVG text: pure functions."""
