"""Run `python -m pitwall.serve`, which is `pitwall serve` without the command line."""

import sys

from pitwall.app.server import main

if __name__ == "__main__":
    sys.exit(main())
