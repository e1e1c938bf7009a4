"""The changes that each fact makes to a case, one function per fact. `rules.evolve` applies them."""
