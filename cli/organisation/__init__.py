"""Commands on the organisation: grids, people, roster, lint."""
