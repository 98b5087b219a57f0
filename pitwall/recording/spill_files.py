"""What waits to be written while nothing can be: files in the data folder, not memory.

One file holds one batch, zlib over JSON. They are read back in order when the database is there
again, by the server that wrote them or, after a crash, by the one that is started next.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pitwall.domain import records
from pitwall.domain.race import RaceInfo
from pitwall.domain.records import Batch
from pitwall.errors import StoreError

FOLDER = "waiting"
MOST_BYTES = 2_000_000_000
_SUFFIX = ".batch"
_LEVEL = 1
_LISTS = {
    "messages": records.MessageRecord,
    "keyframes": records.KeyframeRecord,
    "timing": records.TimingRecord,
    "control": records.ControlRecord,
    "statuses": records.StatusRecord,
    "weather": records.WeatherRecord,
    "outcomes": records.OutcomeRecord,
}
_KEYED = {
    "entries": (records.EntryRecord, ("car",)),
    "laps": (records.LapRow, ("car", "lap")),
    "stints": (records.StintRecord, ("car", "stint")),
    "predictions": (records.PredictionRecord, ("made_at", "attacker", "defender")),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One batch in a file.

    Attributes:
        path: Of the file.
        race_id: Of the batch, as its feed calls it.
        messages: In it.
        source, feed: What it was told by.
        is_counted: Whether its messages have the places that they are kept under: a live race that
            goes on after a restart is numbered when it is begun, which takes a database.
    """

    path: Path
    race_id: str
    messages: int
    source: str
    feed: str
    is_counted: bool


class Spill:
    """The files, up to a bound.

    Args:
        folder: Theirs alone; it is made when it is needed.
        most_bytes: Of all of them.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most_bytes

    def put(self, batch: Batch, source: str, feed: str, *, is_counted: bool) -> Waiting | None:
        """Write a batch down; None where the bound leaves no room for it.

        Raises:
            OSError: The disk is full.
        """
        told = {"source": source, "feed": feed, "is_counted": is_counted, **_told(batch)}
        body = zlib.compress(json.dumps(told, default=_tagged).encode("ascii"), _LEVEL)
        there = self._paths()
        if sum(path.stat().st_size for path in there) + len(body) > self._most:
            return None
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = 1 + (int(there[-1].stem) if there else 0)
        path = self._folder / f"{number:012d}{_SUFFIX}"
        half = path.with_suffix(".half")
        try:
            half.write_bytes(body)
            half.replace(path)
        except OSError:
            half.unlink(missing_ok=True)
            raise
        return Waiting(path, batch.info.race_id, len(batch.messages), source, feed, is_counted)

    def get(self, waiting: Waiting) -> Batch | None:
        """Read a batch back; None where another worker has written it by now.

        Raises:
            StoreError: The file is damaged; it is renamed, so that nobody meets it again.
        """
        try:
            return _batch(_read(waiting.path))
        except FileNotFoundError:
            return None
        except StoreError:
            waiting.path.replace(waiting.path.with_suffix(".damaged"))
            raise

    def drop(self, waiting: Waiting) -> None:
        """Remove a file whose batch is written."""
        waiting.path.unlink(missing_ok=True)

    def left_over(self) -> Iterator[Waiting]:
        """Yield what a server that ended left behind, oldest first; what is damaged is renamed."""
        for path in self._paths():
            try:
                told = _read(path)
                batch = _batch(told)
            except StoreError:
                path.replace(path.with_suffix(".damaged"))
                continue
            except FileNotFoundError:
                continue
            yield Waiting(
                path,
                batch.info.race_id,
                len(batch.messages),
                told["source"],
                told["feed"],
                told["is_counted"],
            )

    def _paths(self) -> list[Path]:
        found = self._folder.glob(f"*{_SUFFIX}")
        return sorted(path for path in found if path.stem.isdecimal())


def _read(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(zlib.decompress(path.read_bytes()), object_hook=_untagged)
    except (zlib.error, ValueError) as error:
        raise StoreError(f"{path.name}, which waited to be written, cannot be read.") from error
    return told


def _told(batch: Batch) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for each in fields(batch):
        held = getattr(batch, each.name)
        told[each.name] = list(held.values()) if isinstance(held, dict) else held
    info = batch.info
    told["info"] = {each.name: getattr(info, each.name) for each in fields(info)}
    return told


def _batch(told: dict[str, Any]) -> Batch:
    try:
        batch = Batch(info=RaceInfo(**told["info"]))
        for name, kind in _LISTS.items():
            setattr(batch, name, [kind(*row) for row in told[name]])
        for name, (keyed, key) in _KEYED.items():
            rows = [keyed(*row) for row in told[name]]
            setattr(batch, name, {_key(row, key): row for row in rows})
        batch.samples = [(seq, records.SampleRecord(*row)) for seq, row in told["samples"]]
        plain = ("messages_through", "last_at", "lap", "total_laps", "dropped", "is_imported")
        return replace(batch, **{name: told[name] for name in plain})
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("what waited to be written is of another release") from error


def _key(row: Any, names: Iterable[str]) -> Any:  # noqa: ANN401  a row of any table
    values = tuple(getattr(row, name) for name in names)
    return values if len(values) > 1 else values[0]


def _tagged(value: object) -> object:
    if isinstance(value, datetime):
        return {"__at": value.isoformat()}
    if isinstance(value, bytes):
        return {"__bytes": base64.b64encode(value).decode()}
    raise TypeError(f"no {type(value).__name__} can wait to be written")


def _untagged(told: dict[str, Any]) -> Any:  # noqa: ANN401  whatever was tagged
    if "__at" in told:
        return datetime.fromisoformat(told["__at"])
    return base64.b64decode(told["__bytes"]) if "__bytes" in told else told
