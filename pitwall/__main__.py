"""Run the owner's commands: `python -m pitwall COMMAND`, which `pitwall.cli` defines."""

import sys

from pitwall.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
