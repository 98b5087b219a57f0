"""Run the benchmarks: `python -m benchmarks [NAME ...]`, all of them by default."""

from __future__ import annotations

import sys

from benchmarks import database, fanout, latency, ledger, push, race, replay, tabs, tick

ALL = {
    "race": race.main,
    "tabs": tabs.main,
    "tick": tick.main,
    "database": database.main,
    "replay": replay.main,
    "fanout": fanout.main,
    "latency": latency.main,
    "ledger": ledger.main,
    "push": push.main,
}


def main(wanted: list[str]) -> int:
    """Run the named benchmarks; return the exit code."""
    unknown = sorted(set(wanted) - set(ALL))
    if unknown:
        sys.stderr.write(f"no benchmark named {', '.join(unknown)}; there are {', '.join(ALL)}\n")
        return 2
    for name in wanted or ALL:
        ALL[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
