"""What `starter.py bench` measures, on the running servers, side by side in one run."""
