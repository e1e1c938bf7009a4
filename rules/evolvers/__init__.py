"""What each fact changes, one function a fact. `rules.evolve` applies them; nothing is decided here."""
