"""Rules of monitoring stations: `watch` folds readings into the state of a metric, `rules` are those of the matter."""
