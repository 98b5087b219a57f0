"""Hold batches in files of the data folder while the database cannot be written.

One file holds one batch, as JSON compressed with zlib. Files are read back in order when the
database is there again, by the server that wrote them or, after a crash, by the next one.
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
    # Files of earlier releases lack these.
    "standings": (records.StandingRecord, ("car",)),
    "endings": (records.EndingRecord, ("ended_at", "attacker", "defender")),
}
_NEWER = frozenset({"standings", "endings"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """One batch in a file.

    Attributes:
        path: The file.
        race_id: The race of the batch, as its feed names it.
        messages: How many messages it holds.
        source, feed: The source and feed that it came from.
        is_counted: Whether its messages have their final numbers. A live race that goes on after a
            restart gets them only when the database is there.
    """

    path: Path
    race_id: str
    messages: int
    source: str
    feed: str
    is_counted: bool


class Spill:
    """Writes and reads the files of waiting batches, up to a limit.

    Args:
        folder: A folder for these files only; created when it is needed.
        most_bytes: The greatest size of all files together.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most_bytes

    def put(self, batch: Batch, source: str, feed: str, *, is_counted: bool) -> Waiting | None:
        """Write a batch to a file; return None where the limit leaves no room for it.

        Raises:
            OSError: The file cannot be written, such as for a full disk.
        """
        values = {"source": source, "feed": feed, "is_counted": is_counted, **_values_of(batch)}
        body = zlib.compress(json.dumps(values, default=_tagged).encode("ascii"), _LEVEL)
        files = self._paths()
        if sum(path.stat().st_size for path in files) + len(body) > self._most:
            return None
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = 1 + (int(files[-1].stem) if files else 0)
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
        """Read a batch back; return None where another worker has written it by now.

        Raises:
            StoreError: The file is damaged; it is renamed, so that it is not read again.
        """
        try:
            return _batch(_read(waiting.path))
        except FileNotFoundError:
            return None
        except StoreError:
            waiting.path.replace(waiting.path.with_suffix(".damaged"))
            raise

    def drop(self, waiting: Waiting) -> None:
        """Remove the file of a batch that is written."""
        waiting.path.unlink(missing_ok=True)

    def left_over(self) -> Iterator[Waiting]:
        """Yield batches that an earlier server left, oldest first; damaged files are renamed."""
        for path in self._paths():
            try:
                values = _read(path)
                batch = _batch(values)
            except StoreError:
                path.replace(path.with_suffix(".damaged"))
                continue
            except FileNotFoundError:
                continue
            yield Waiting(
                path,
                batch.info.race_id,
                len(batch.messages),
                values["source"],
                values["feed"],
                values["is_counted"],
            )

    def _paths(self) -> list[Path]:
        found = self._folder.glob(f"*{_SUFFIX}")
        return sorted(path for path in found if path.stem.isdecimal())


def _read(path: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(
            zlib.decompress(path.read_bytes()), object_hook=_untagged
        )
    except (zlib.error, ValueError) as error:
        raise StoreError(f"The waiting batch {path.name} cannot be read.") from error
    return values


def _values_of(batch: Batch) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for each in fields(batch):
        held = getattr(batch, each.name)
        values[each.name] = list(held.values()) if isinstance(held, dict) else held
    info = batch.info
    values["info"] = {each.name: getattr(info, each.name) for each in fields(info)}
    return values


def _batch(values: dict[str, Any]) -> Batch:
    try:
        batch = Batch(info=RaceInfo(**values["info"]))
        for name, kind in _LISTS.items():
            setattr(batch, name, [kind(*row) for row in values[name]])
        for name, (keyed, key) in _KEYED.items():
            held = values.get(name, ()) if name in _NEWER else values[name]
            rows = [keyed(*row) for row in held]
            setattr(batch, name, {_key(row, key): row for row in rows})
        batch.samples = [(seq, records.SampleRecord(*row)) for seq, row in values["samples"]]
        plain = ("messages_through", "last_at", "lap", "total_laps", "dropped", "is_imported")
        return replace(batch, **{name: values[name] for name in plain})
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("A waiting batch was written by another release.") from error


def _key(row: Any, names: Iterable[str]) -> Any:  # noqa: ANN401  a row of any table
    values = tuple(getattr(row, name) for name in names)
    return values if len(values) > 1 else values[0]


def _tagged(value: object) -> object:
    if isinstance(value, datetime):
        return {"__at": value.isoformat()}
    if isinstance(value, bytes):
        return {"__bytes": base64.b64encode(value).decode()}
    raise TypeError(f"a batch cannot hold a {type(value).__name__}")


def _untagged(values: dict[str, Any]) -> Any:  # noqa: ANN401  whatever was tagged
    if "__at" in values:
        return datetime.fromisoformat(values["__at"])
    return base64.b64decode(values["__bytes"]) if "__bytes" in values else values
