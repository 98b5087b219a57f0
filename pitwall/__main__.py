"""Run `python -m pitwall` for the owner's commands at a terminal."""

import sys

from pitwall.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
