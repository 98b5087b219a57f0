"""`python -m pitwall`: what the owner does at a terminal."""

import sys

from pitwall.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
