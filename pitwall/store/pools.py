"""Which connections to the database there are for what: nobody can take those of another purpose.

All of one worker together are 17, so that five workers and a few commands fit PostgreSQL's default
of 100: `docs/database.md` has the arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Pool:
    """Connections for one purpose.

    Attributes:
        name: Of the purpose; PostgreSQL shows it in `pg_stat_activity`.
        most: Connections, at most.
        wait_s: How long one more waits for one; then it is told that the database is busy.
        answer_within_s: How long a statement may take on PostgreSQL; None is for ever.
    """

    name: str
    most: int
    wait_s: float
    answer_within_s: float | None = None

    def bounds(self) -> dict[str, Any]:
        """Return what SQLAlchemy is told."""
        return {"pool_size": self.most, "max_overflow": 0, "pool_timeout": self.wait_s}


# Two: one that was lost while it wrote is still being closed when the next write begins.
RECORDER: Final = Pool("recorder", most=2, wait_s=30.0, answer_within_s=60.0)
ACCOUNTS: Final = Pool("accounts", most=4, wait_s=5.0, answer_within_s=30.0)
READERS: Final = Pool("readers", most=5, wait_s=5.0, answer_within_s=60.0)
REPLAYS: Final = Pool("replays", most=3, wait_s=10.0, answer_within_s=120.0)
EXPORTS: Final = Pool("exports", most=3, wait_s=10.0, answer_within_s=600.0)
TOOLS: Final = Pool("tools", most=10, wait_s=30.0)  # commands: one process, one purpose
