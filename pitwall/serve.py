"""Run `python -m pitwall.serve` to serve pages, API and socket; see `pitwall.app.server`."""

import sys

from pitwall.app.server import main

if __name__ == "__main__":
    sys.exit(main())
