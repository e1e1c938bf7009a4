"""What others may build on."""
