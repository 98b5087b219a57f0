"""Restart PostgreSQL under write load, in three ways, and compare the stored rows with those sent.

`python -m tests.store.restarts --times 10` restarts a server of its own ten times in each way; the
suite does it once. A race is played with forecasts, written ten times a second and read by visitors
meanwhile. At the end no message, forecast, outcome or entry of the ledger is missing or twice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pitwall.aio import end
from pitwall.domain.stored_races import HistoryTable, RaceFilter, Selection
from pitwall.engine.race_engine import Ended, EngineState, RaceEngine
from pitwall.errors import StoreError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording import race_recorder as recording
from pitwall.recording.batch_collector import BatchCollector
from pitwall.recording.race_recorder import Recorder
from pitwall.recording.spill_files import Spill
from pitwall.store import migrations
from pitwall.store.database import Databases, database_url
from pitwall.store.ledger.verifier import verify
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.store.rejected_rows import SetAsideFile
from pitwall.wire.message import RawMessage
from tests.servers.postgres import PostgresServer, find_binaries, running_server
from tests.store.races import PREDICTOR

FEED = SimulatedFeed(5)
RACE = "2026-simulated-grand-prix-of-sierra-alta-race-5"
BEFORE = 1_850  # messages: then forecasts begin
AFTER = 250  # messages at the end, without trouble
FLUSH_S = 0.1
MESSAGE_S = 0.004

Way = Literal["fast", "immediate", "kill"]
WAYS: tuple[Way, ...] = ("fast", "immediate", "kill")


class Both:
    """An observer that passes everything to two collectors, a recording and its reference."""

    def __init__(self, first: BatchCollector, second: BatchCollector) -> None:
        self._both = (first, second)

    def took(self, message: Any, events: Sequence[Any], state: EngineState) -> None:
        for each in self._both:
            each.took(message, events, state)

    def forecast(self, state: EngineState) -> None:
        for each in self._both:
            each.forecast(state)

    def ended(self, told: Sequence[Ended]) -> None:
        for each in self._both:
            each.ended(told)


@dataclass
class Seen:
    """What was seen of the restarts.

    Attributes:
        reasons: The reasons in the recorder's state while a server was down, by restart.
        visitors: How often a visitor got an answer, a refusal in words, or something else.
        faults: What is missing, duplicate or wrong at the end.
    """

    reasons: list[set[str]] = field(default_factory=list)
    visitors: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    told: str = ""  # what was stored, in words


class Trial:
    """One race, its recorder, its visitors and the reference that it is compared with."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self.seen = Seen()
        self.databases = databases
        self.aside = SetAsideFile(folder / "set-aside.jsonl")
        self.recorder = Recorder(
            SqlRaceWriter(databases.recorder, self.aside),
            "test-model",
            spill=Spill(folder / "waiting"),
            set_aside=self.aside.state,
        )
        self.watched = self.recorder.watch(FEED)
        self.reference = BatchCollector("test-model", most_messages=10**9)
        observer = Both(self.watched.collector, self.reference)
        self.engine = RaceEngine(PREDICTOR, observer=observer)
        self.taken: list[RawMessage] = []
        self.runs = True

    async def play(self, messages: Iterable[RawMessage], pause_s: float) -> None:
        """Play messages until asked to end."""
        for message in messages:
            if not self.runs:
                return
            self.engine.take(message)
            self.taken.append(message)
            if pause_s:
                await asyncio.sleep(pause_s)

    async def write(self) -> None:
        """Write again and again."""
        while True:
            await self.recorder.flush()
            await asyncio.sleep(FLUSH_S)

    async def visit(self) -> None:
        """Ask for races again and again."""
        reader = SqlRaceReader(self.databases.readers)
        while True:
            try:
                await reader.races(RaceFilter(), 10)
                self.seen.visitors["answered"] += 1
            except StoreError:
                self.seen.visitors["refused in words"] += 1
            except Exception as error:  # noqa: BLE001  what no visitor should meet
                self.seen.visitors[type(error).__name__] += 1
            await asyncio.sleep(FLUSH_S)

    async def restart(self, server: PostgresServer, way: Way, down_s: float) -> None:
        """Restart the server and note what is reported, until all waiting rows are written."""
        await asyncio.to_thread(server.stop, way)
        reasons: set[str] = set()
        starting = asyncio.create_task(_started(server, down_s))
        async with asyncio.timeout(90):
            while not starting.done() or self.recorder.state.status != "ok":
                if self.recorder.state.status == "degraded":
                    reasons.add(self.recorder.state.reason)
                await asyncio.sleep(0.02)
        await starting
        self.seen.reasons.append(reasons)

    async def more(self, count: int) -> None:
        """Wait until some more messages are played."""
        goal = len(self.taken) + count
        while len(self.taken) < goal:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def restarted(
    server: PostgresServer, url: str, ways: Sequence[Way], folder: Path, down_s: float = 1.0
) -> Seen:
    """Play a race while a server is restarted, and return what was seen."""
    databases = Databases(database_url(url, folder))
    await migrations.upgrade(databases.recorder)
    trial = Trial(databases, folder)
    messages = iter(FEED.messages())
    await trial.play(islice(messages, BEFORE), 0)
    playing = asyncio.create_task(trial.play(messages, MESSAGE_S))
    others = [asyncio.create_task(each()) for each in (trial.write, trial.visit)]
    try:
        for way in ways:
            await asyncio.sleep(1.0)
            await trial.restart(server, way, down_s)
        await trial.more(AFTER)
    finally:
        trial.runs = False
        await playing
        await end(*others)
    trial.watched.end("finished")
    await trial.recorder.flush()
    state = trial.recorder.state
    if state.status != "ok" or state.dropped or state.waiting or state.set_aside.rows:
        trial.seen.faults.append(f"the recorder ends as {state}")
    await _compare(databases, trial.reference, trial.taken, trial.seen)
    await databases.close()
    return trial.seen


async def _started(server: PostgresServer, down_s: float) -> None:
    await asyncio.sleep(down_s)
    await asyncio.to_thread(server.start)


async def _compare(
    databases: Databases, reference: BatchCollector, taken: list[RawMessage], seen: Seen
) -> None:
    (told,) = reference.take_batches()
    reader = SqlRaceReader(databases.readers)
    race = await reader.race(RACE)
    if await reader.messages(race) != taken:
        seen.faults.append(f"of {len(taken)} messages others are kept: {race.messages}")
    page = await reader.page(race, tuple(HistoryTable), Selection(), 500_000)
    rows = Counter(table for table, _ in page.rows)
    expected = {
        HistoryTable.TIMING: len(told.timing),
        HistoryTable.LAPS: len(told.laps),
        HistoryTable.TELEMETRY: len(told.samples),
        HistoryTable.PREDICTIONS: len(told.predictions),
        HistoryTable.STATUSES: len(told.statuses),
    }
    for table, count in expected.items():
        if rows[table] != count:
            seen.faults.append(f"{table}: {rows[table]} rows, {count} were told")
    kept = Counter(
        (row["made_at_utc"], round(row["p_overtake"], 9), row["lap"])
        for table, row in page.rows
        if table is HistoryTable.PREDICTIONS
    )
    said = Counter(
        (row.made_at, round(row.p_overtake, 9), row.lap) for row in told.predictions.values()
    )
    if kept != said:
        seen.faults.append("the stored forecasts differ from those that were made")
    ledger = await verify(databases.readers)
    outcomes = sum(bool(row.outcome) for row in told.predictions.values()) + len(told.outcomes)
    if not ledger.forecasts == ledger.compared == len(told.predictions):
        seen.faults.append(f"the ledger has {ledger.forecasts} of {len(told.predictions)}")
    if ledger.outcomes != outcomes:
        seen.faults.append(f"the ledger has {ledger.outcomes} of {outcomes} outcomes")
    seen.told = (
        f"{race.messages} messages, {ledger.forecasts} forecasts, {ledger.outcomes} outcomes, "
        f"{ledger.entries} entries"
    )


def main() -> int:
    """Restart a server of its own many times; return 1 where anything is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="in each of the three ways")
    parser.add_argument("--down", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    chosen = parser.parse_args()
    binaries = find_binaries()
    if binaries is None:
        sys.stderr.write("no PostgreSQL server is installed\n")
        return 2
    recording.SPILL_AT = 60
    bad = 0
    with running_server(binaries) as server:
        for way in chosen.ways:
            with tempfile.TemporaryDirectory() as folder:
                work = restarted(
                    server, server.new_database(), [way] * chosen.times, Path(folder), chosen.down
                )
                seen = asyncio.run(work)
            told = [f"{len(each)} told" for each in seen.reasons]
            sys.stdout.write(f"{way}: {seen.told}; visitors {dict(seen.visitors)}; {told}\n")
            for reason in sorted(set().union(*({r[:70] for r in each} for each in seen.reasons))):
                sys.stdout.write(f"    {reason}\n")
            for fault in seen.faults:
                sys.stdout.write(f"  FAULT {fault}\n")
            bad += len(seen.faults) + sum(not each for each in seen.reasons)
    return 1 if bad else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
