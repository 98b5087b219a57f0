"""Run `python -m tests.wire` to break messages for an hour."""

from __future__ import annotations

import sys

from tests.wire.breaking import main

sys.exit(main())
