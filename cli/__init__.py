"""The command line: one module per topic, imported when its command is called (`cli.app`)."""
