"""Undertakings (承诺事项) beyond what every matter has: how far a campaign is, and the list for everybody."""
