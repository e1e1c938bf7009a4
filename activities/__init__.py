"""What workflows let touch the world: the recording step, and the errands between cases."""
