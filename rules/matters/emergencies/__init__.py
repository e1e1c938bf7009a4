"""Rules of runs of emergency plans: `beginning` says when one begins by itself, `rules` what happens in it."""
