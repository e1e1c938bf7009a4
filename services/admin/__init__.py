"""What administrators do through the pages: the same as the command line does, with the caller's right checked here."""
