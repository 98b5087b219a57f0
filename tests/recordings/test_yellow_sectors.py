"""Test that the count of sectors under yellow is the one that the model learnt from."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pyarrow.parquet as pq

from pitwall.domain.race import START_OF_TIME, ControlMessage
from pitwall.domain.yellow_flags import yellow_sectors

_ENDS_ALL = {"CLEAR", "GREEN", "RED", "CHEQUERED"}


def learnt_from(messages: list[ControlMessage]) -> dict[int, bool]:
    """Return the sectors under yellow as the first trained release read them, word for word."""
    flagged: dict[int, bool] = {}
    for message in messages:
        if message.scope == "Sector" and message.sector is not None:
            if message.flag in {"YELLOW", "DOUBLE YELLOW"}:
                flagged[message.sector] = message.flag != "YELLOW"
            elif message.flag == "CLEAR":
                flagged.pop(message.sector, None)
        elif message.scope == "Track" and message.flag in _ENDS_ALL:
            flagged.clear()
    return flagged


def sessions(shared: Path) -> Iterator[list[ControlMessage]]:
    names = ["session_id", "utc", "category", "message", "flag", "scope", "sector"]
    archive = pq.read_table(shared / "data" / "timing" / "race_control.parquet", columns=names)
    rows = [tuple(row.values()) for row in archive.to_pylist()]
    file = shared / "data" / "wire" / "openf1" / "openf1_race_control.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            told = [row[name] or None for name in ("category", "message", "flag", "scope")]
            rows.append((row["session_key"], row["date"], *told, row["sector"] or None))
    rows.sort(key=lambda row: (str(row[0]), str(row[1])))
    for _, group in groupby(rows, key=lambda row: str(row[0])):
        yield [
            ControlMessage(
                START_OF_TIME, category or "", text or "", flag, scope,
                None if sector is None else int(float(sector)),
            )
            for _, _, category, text, flag, scope, sector in group
        ]  # fmt: skip


def test_every_race_control_of_the_archives_gives_the_same_sectors(shared: Path) -> None:
    compared = under_yellow = 0
    for messages in sessions(shared):
        for last in range(0, len(messages), 3):
            told = messages[: last + 1]
            expected = learnt_from(told)
            assert yellow_sectors(told) == expected, told[-1]
            compared += 1
            under_yellow += bool(expected)

    assert compared > 4000
    assert under_yellow > 200
