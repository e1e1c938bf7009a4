"""Pure functions that draw SVG text."""
