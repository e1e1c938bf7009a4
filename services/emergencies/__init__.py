"""Runs of emergency plans: begun by hand for a case, the steps that wait for somebody, who was told when."""
