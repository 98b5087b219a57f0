"""Find rows that the database rejects, set them aside in a file, and count them.

A batch is written as a whole. If the database rejects something in it, it is written again in
halves, and halves of halves, each behind a savepoint, until only the rejected rows remain.
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
_LONGEST = 300  # characters of a reason

Write = Callable[[list[Any]], Awaitable[None]]
Put = Callable[[str, Sequence[Any], Write], Awaitable[None]]


async def at_once(_table: str, rows: Sequence[Any], write: Write) -> None:
    """Write rows of a table; a rejected row is an error."""
    if rows:
        await write(list(rows))


class Refused(NamedTuple):
    """A row that the database rejected.

    Attributes:
        table: The table that it was meant for.
        row: The row as it came.
        why: The error of the database or its driver.
    """

    table: str
    row: Any
    why: str


class Narrowing:
    """Writes rows, and leaves out those that the database rejects for their content.

    Attributes:
        refused: The rejected rows.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.refused: list[Refused] = []

    async def put(self, table: str, rows: Sequence[Any], write: Write) -> None:
        """Write rows of a table, in halves where one of them is rejected."""
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


class SetAsideFile:
    """A file of JSON lines with one rejected row each; rows beyond its size limit are only counted.

    Args:
        path: The file; created when it is needed.
        most_bytes: The greatest size of the file.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most = most_bytes
        self._lock = threading.Lock()
        self._newest: set[str] = set()
        self._state = SetAside(file=path.name, rows=_lines(path))

    def state(self) -> SetAside:
        """Return how many rows were set aside and lost so far, and why."""
        return self._state

    def write(self, race_id: str, refused: Sequence[Refused]) -> None:
        """Write rows to the file and flush it to disk; rows of a repeated batch are written once.

        Raises:
            OSError: The file cannot be written, such as for a full disk.
        """
        lines = [_line(race_id, each) for each in refused]
        now = json.dumps(datetime.now(UTC).isoformat(timespec="seconds"))
        with self._lock:
            new = [line for line in lines if line not in self._newest]
            size = self._path.stat().st_size if self._path.exists() else 0
            written = []
            for line in new:
                text = f'{{"set_aside_at": {now}, {line[1:]}\n'
                if size + len(text) <= self._most:
                    size += len(text)
                    written.append(text)
            if written:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="ascii") as file:
                    file.writelines(written)
                    file.flush()
                    os.fsync(file.fileno())
            self._newest = set(lines)
            self._state = SetAside(
                file=self._path.name,
                rows=self._state.rows + len(written),
                lost=self._state.lost + len(new) - len(written),
                reason=f"{refused[-1].table}: {refused[-1].why}",
            )


def _line(race_id: str, refused: Refused) -> str:
    row = refused.row
    values = row._asdict() if hasattr(row, "_asdict") else row
    line = {"race": race_id, "table": refused.table, "why": refused.why, "row": values}
    return json.dumps(line, default=_plain)  # as ASCII, because a row may hold invalid characters


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
