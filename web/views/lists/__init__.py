"""What lists show: the address of a list, its rows, tabs and periods."""
