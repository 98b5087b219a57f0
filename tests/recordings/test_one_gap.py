"""Test that card, reasons, database, ledger and gap-only forecast agree on the gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from pitwall.api.live_schemas import BattleOut
from pitwall.domain.frames import BattleLine, FeedState, TowerLine
from pitwall.domain.ledger import EntryKind
from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.feeds.recording import RecordingFeed
from pitwall.prediction.features import feature_names
from pitwall.prediction.gap_only import gap_only
from pitwall.prediction.memory import Memory
from pitwall.recording.batch_collector import BatchCollector
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.ledger.entries import read_forecasts
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.store.row_writer import table_of
from pitwall.store.tables.ledger import LedgerCall, LedgerEntry
from pitwall.web.shared.battle_rows import (
    MOST_REASONS,
    ReadingRow,
    reading_rows,
    reasons_by_card,
)
from tests.store.races import PREDICTOR, keep

MOMENTS = 1_000  # seconds of the race with a battle; in Baku a gap at the line comes after 838
Key = tuple[datetime, int, int]


@dataclass
class Seen:
    """What a reader is shown of one battle at one moment."""

    line: BattleLine
    card: ReadingRow
    reasons: list[str]
    answer: BattleOut


class Reader(BatchCollector):
    """Gathers what is stored, and looks at what is shown at the same moments."""

    def __init__(self) -> None:
        super().__init__(PREDICTOR.version, most_messages=10**9)
        self.seen: dict[Key, Seen] = {}
        self.moments = 0
        self.at_line = 0

    def forecast(self, state: EngineState) -> None:
        super().forecast(state)
        stamp = Stamp(1, datetime.now(UTC), 0.0)
        view = FeedView("recorded", "recording:baku", FeedState.FLOWING)
        frame = build_frame(state, view, stamp, PREDICTOR.version)
        cards = {key: ReadingRow(*row) for key, row in reading_rows(frame).items()}
        reasons = reasons_by_card(frame)
        cars: dict[int, TowerLine] = {line.number: line for line in frame.tower}
        for battle, line in zip(state.battles, frame.battles, strict=True):
            if line.gap_at_line_s is not None:
                self.at_line += 1
                features, _ = PREDICTOR.rows(state.race, [battle], Memory())
                gap_s = features[0, feature_names().index("interval_s")]
                assert gap_s == pytest.approx(line.gap_at_line_s, abs=0.0005)
            self.seen[state.grid_at, line.attacker, line.defender] = Seen(
                line,
                cards[f"{line.attacker}-{line.defender}"],
                [words for _, words, _ in reasons[f"{line.attacker}-{line.defender}"]],
                BattleOut.of(line, cars),
            )
        self.moments += bool(frame.battles)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(database_url(f"sqlite:///{tmp_path / 'pitwall.db'}", tmp_path))
    await migrations.upgrade(database)
    yield database
    await database.close()


@pytest.mark.slow
async def test_a_thousand_moments_tell_one_gap_everywhere(kept: Database, shared: Path) -> None:
    feed = RecordingFeed(shared / "data" / "wire" / "static" / "2018_Azerbaijan_Grand_Prix_Race")
    reader = Reader()
    engine = RaceEngine(PREDICTOR, observer=reader)
    for message in feed.messages():
        engine.take(message)
        if reader.moments >= MOMENTS:
            break
    assert reader.moments == MOMENTS
    (batch,) = reader.take_batches()
    await keep(SqlRaceWriter(kept), feed, batch)

    stored = await rows_of(kept, batch.info.race_id)
    assert len(stored) > MOMENTS
    assert stored == await ledger_of(kept)
    assert stored == {key: reader.seen[key].line.interval_s for key in stored}
    compared = Counter(said for key in stored for said in compare(reader.seen[key]))
    assert compared["interval"] > 100
    assert reader.at_line > 0
    calls = await calls_of(kept)
    assert len(calls) > 0
    assert calls == {key: (stored[key], gap_only(stored[key])) for key in calls}


def compare(seen: Seen) -> Iterator[str]:
    """Compare card, answer and reasons; yield which gap a reason tells."""
    line, card, answer = seen.line, seen.card, seen.answer
    assert card.gap == f"{line.interval_s:.3f}"
    assert (answer.interval_s, answer.gap_at_line_s) == (line.interval_s, line.gap_at_line_s)
    at_line = line.gap_at_line_s is not None
    assert card.note == (f"{line.gap_at_line_s:.1f} s at the line" if at_line else card.note)
    for nth, reason in enumerate(line.reasons):
        shown = nth < MOST_REASONS  # the card has room for so many
        assert answer.reasons[nth] == str(reason)
        if shown:
            assert reason.words in seen.reasons
        if reason.topic == "gap":
            assert reason.words == gap_words(line)
            yield "gap at the line" if at_line else "interval"


def gap_words(line: BattleLine) -> str:
    if line.gap_at_line_s is not None:
        return f"gap {line.gap_at_line_s:.1f} s at the line"
    return f"gap {line.interval_s:.1f} s"


async def rows_of(database: Database, race_id: str) -> dict[Key, float]:
    reader = SqlRaceReader(database)
    race = await reader.race(race_id)
    entries = await reader.page(race, [HistoryTable.ENTRIES], Selection(), 100)
    cars = {row["driver"]: row["car"] for _, row in entries.rows}
    page = await reader.page(race, [HistoryTable.PREDICTIONS], Selection(), 100_000)
    return {
        (row["made_at_utc"], cars[row["attacker"]], cars[row["defender"]]): row["interval_s"]
        for _, row in page.rows
    }


async def ledger_of(database: Database) -> dict[Key, float]:
    table = table_of(LedgerEntry)
    async with database.reading() as connection:
        found = await connection.execute(
            select(table.c.body).where(table.c.kind == EntryKind.FORECASTS)
        )
        forecasts = [each for row in found for each in read_forecasts(row.body)[1]]
    return {(each.made_at, each.attacker, each.defender): each.interval_s for each in forecasts}


async def calls_of(database: Database) -> dict[Key, tuple[float, float]]:
    table = table_of(LedgerCall)
    async with database.reading() as connection:
        found = await connection.execute(select(table))
        return {
            (row.made_at, row.attacker, row.defender): (row.interval_s, row.gap_only)
            for row in found
        }
