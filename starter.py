"""Entry point of the command line: `python starter.py …`, also installed as `gridloop`."""

from cli.app import main

if __name__ == "__main__":
    main()
