"""Commands on policies: check, publish, preview, clock, simulate."""
