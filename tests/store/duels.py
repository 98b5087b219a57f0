"""Write a small stored race of three cars in which one attacks another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pitwall.domain.race import RaceInfo
from pitwall.domain.records import (
    Batch,
    EndingRecord,
    EntryRecord,
    LapRow,
    MessageRecord,
    PredictionRecord,
    SampleRecord,
    StatusRecord,
    TimingRecord,
)
from pitwall.recording import record_rows
from pitwall.store.database import Database
from pitwall.store.race_writer import SqlRaceWriter

START = datetime(2026, 7, 5, 13, 0, tzinfo=UTC)
DUEL = RaceInfo("2026-duel-race", "Duel", "Race", "Somewhere", 2026, START)
LEADER, DEFENDER, ATTACKER = 1, 4, 81
FOUGHT_FROM_S, FOUGHT_TO_S, PASSED_S = 200, 300, 301
LAP_S = 80.0
ATTACKER_GAINS_S = 0.4  # a lap


def at(seconds: float) -> datetime:
    """Return a moment of the race."""
    return START + timedelta(seconds=seconds)


def duel_batch() -> Batch:
    """Return all rows of the race.

    The attacker passes at `PASSED_S`, while the defender's lap takes 80 s and its own 79.6 s. A
    yellow flag lasts from 220 to 230 s. Ten minutes earlier the two
    fought for some seconds already.
    """
    batch = Batch(info=DUEL, messages_through=1, lap=6, total_laps=50, last_at=at(420))
    batch.messages.append(MessageRecord(0, START, "Heartbeat", b"{}"))
    drivers = {
        LEADER: ("al-first", "FIR"),
        DEFENDER: ("di-fend", "DEF"),
        ATTACKER: ("at-ack", "ATT"),
    }
    for car, (driver, code) in drivers.items():
        batch.entries[car] = EntryRecord(car, driver, code, driver.title(), "Team", "ff8000", car)
    for second in (*range(-400, -390), *range(FOUGHT_FROM_S, FOUGHT_TO_S + 1)):
        batch.predictions[at(second), ATTACKER, DEFENDER] = _forecast(second)
    batch.predictions[at(250), DEFENDER, LEADER] = _forecast(250)._replace(
        attacker=DEFENDER, defender=LEADER
    )
    batch.timing += _timing()
    for lap in range(1, 6):
        for car, lasts_s in ((DEFENDER, LAP_S), (ATTACKER, LAP_S - ATTACKER_GAINS_S)):
            batch.laps[car, lap] = _lap(car, lap, lasts_s)
    batch.statuses += [
        StatusRecord(at(0), 0, "track", "clear"),
        StatusRecord(at(220), 0, "track", "yellow"),
        StatusRecord(at(230), 0, "track", "clear"),
    ]
    batch.samples += _samples()
    passed = EndingRecord(
        *(at(PASSED_S + 3), ATTACKER, DEFENDER, at(FOUGHT_FROM_S), 2, "passed", False, 0.7)
    )
    batch.endings[passed.ended_at, ATTACKER, DEFENDER] = passed
    return batch


async def keep_duel(database: Database, batch: Batch | None = None) -> None:
    """Store the race."""
    writer = SqlRaceWriter(database)
    mark = await writer.begin(DUEL, "recorded", "recording:duel")
    await writer.append(mark, record_rows.joined(Batch(info=DUEL), batch or duel_batch()))
    await writer.finish(mark, "finished")


def _forecast(second: int) -> PredictionRecord:
    p = 0.2 + 0.5 * max(0, second - FOUGHT_FROM_S) / 100
    return PredictionRecord(
        *(ATTACKER, DEFENDER, 3, at(second), 2, 0.8, p, "small-model"),
        *(0.5, p - 0.1, p + 0.1, p - 0.05, 0.5, p, 0.3, p + 0.05, 0.2, 0.01, 0.01, 0.01),
        *("passed" if second > PASSED_S - LAP_S else "held", at(second + LAP_S)),
    )


def _lap(car: int, lap: int, lasts_s: float) -> LapRow:
    sectors = (25.0, 30.0, lasts_s - 55.0)
    traps = (280.0, 290.0, 300.0, 310.0 if car == DEFENDER else 316.0)
    return LapRow(
        car, lap, at(LAP_S * lap + (car == ATTACKER)), lasts_s, *sectors, *traps, False, True
    )


def _timing() -> Iterator[TimingRecord]:
    for second in range(100, 420, 4):
        ahead = second > PASSED_S
        places = {ATTACKER: 2 if ahead else 3, DEFENDER: 3 if ahead else 2}
        for car, place in places.items():
            to_leader_s, interval_s = (1.5, 1.5) if place == 2 else (2.3, 0.8)
            yield TimingRecord(
                at(second), 0, car, place, None, None, False, to_leader_s, interval_s
            )


def _samples() -> Iterator[tuple[int, SampleRecord]]:
    for tick in range(4 * 150, 4 * 330):
        for car, speed_kmh in ((DEFENDER, 225.0), (ATTACKER, 226.0)):
            yield 0, SampleRecord(at(tick / 4), car, speed_kmh, 11_000.0, 100.0, 0.0, 7, 12)
