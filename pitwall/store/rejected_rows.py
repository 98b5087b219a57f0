"""Rows that the database refuses for what they say: found, set aside in a file, and counted.

A batch is written as a whole. When something in it is refused, it is written again in halves, and
halves of halves, each behind a savepoint, until only the rows that are refused are left over.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.records import SetAside
from pitwall.store.database_errors import is_about_content, reason

FILE = "set-aside.jsonl"
MOST_BYTES = 64_000_000
_LONGEST = 300  # letters of a reason

Write = Callable[[list[Any]], Awaitable[None]]
Put = Callable[[str, Sequence[Any], Write], Awaitable[None]]


async def at_once(_table: str, rows: Sequence[Any], write: Write) -> None:
    """Write rows of a table; one that is refused is an error."""
    if rows:
        await write(list(rows))


class Refused(NamedTuple):
    """One row that was refused.

    Attributes:
        table: Where it was to go.
        row: As it came.
        why: What the database or its driver said.
    """

    table: str
    row: Any
    why: str


class Narrowing:
    """Writes rows and leaves out those that are refused for what they say.

    Attributes:
        refused: Those.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.refused: list[Refused] = []

    async def put(self, table: str, rows: Sequence[Any], write: Write) -> None:
        """Write rows of a table, halving them where one is refused."""
        if not rows:
            return
        try:
            async with self._connection.begin_nested():
                await write(list(rows))
        except Exception as error:
            if not is_about_content(error):
                raise
            if len(rows) == 1:
                self.refused.append(Refused(table, rows[0], reason(error)[:_LONGEST]))
                return
            middle = len(rows) // 2
            await self.put(table, rows[:middle], write)
            await self.put(table, rows[middle:], write)


class AsideFile:
    """A file of JSON lines, a refused row each, up to a bound; what is beyond it is counted.

    Args:
        path: Of the file; it is made when it is needed.
        most_bytes: Of it.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most = most_bytes
        self._lock = threading.Lock()
        self._newest: set[str] = set()
        self._state = SetAside(file=path.name, rows=_lines(path))

    def state(self) -> SetAside:
        """Return what was set aside so far."""
        return self._state

    def keep(self, race_id: str, refused: Sequence[Refused]) -> None:
        """Write rows to the file, safe from a crash; those of a batch that comes again once only.

        Raises:
            OSError: There is no room for them.
        """
        said = [_line(race_id, each) for each in refused]
        now = json.dumps(datetime.now(UTC).isoformat(timespec="seconds"))
        with self._lock:
            new = [line for line in said if line not in self._newest]
            size = self._path.stat().st_size if self._path.exists() else 0
            kept = []
            for line in new:
                text = f'{{"set_aside_at": {now}, {line[1:]}\n'
                if size + len(text) <= self._most:
                    size += len(text)
                    kept.append(text)
            if kept:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="ascii") as file:
                    file.writelines(kept)
                    file.flush()
                    os.fsync(file.fileno())
            self._newest = set(said)
            self._state = SetAside(
                file=self._path.name,
                rows=self._state.rows + len(kept),
                lost=self._state.lost + len(new) - len(kept),
                reason=f"{refused[-1].table}: {refused[-1].why}",
            )


def _line(race_id: str, refused: Refused) -> str:
    row = refused.row
    told = row._asdict() if hasattr(row, "_asdict") else row
    line = {"race": race_id, "table": refused.table, "why": refused.why, "row": told}
    return json.dumps(line, default=_plain)  # ASCII: half a letter is no error in it


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else repr(value)


def _lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1_048_576), b""))
    except OSError:
        return 0
