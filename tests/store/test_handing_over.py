"""Test that a race taken over by another worker has no missing and no duplicate rows."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Literal

import pytest

from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import RaceNotFoundError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.race_recorder import Recorder
from pitwall.recording.race_recording import HELD_TURNS, Recording
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import PREDICTOR

FEED = SimulatedFeed(6)  # its opening laps have no safety car
RACE = "2026-simulated-grand-prix-of-sierra-alta-race-6"
TURN = 20  # messages between two flushes, as if a second had passed


async def a_database(file: Path) -> Database:
    database = Database(database_url(f"sqlite:///{file}", file.parent))
    await migrations.upgrade(database)
    return database


async def rows_of(database: Database) -> list[str]:
    """Return all stored rows of the race, without the numbers that the database assigns."""
    reader = SqlRaceReader(database)
    race = await reader.race(RACE)
    page = await reader.page(race, tuple(HistoryTable), Selection(), 200_000)
    rows = [(table, {k: v for k, v in row.items() if k != "id"}) for table, row in page.rows]
    await database.close()
    return sorted(map(repr, [*rows, race.state, race.messages]))


async def in_one_go(database: Database, count: int, predictor: Predictor | None) -> list[str]:
    recorder = Recorder(SqlRaceWriter(database), "test-model")
    recording = recorder.watch(FEED)
    engine = RaceEngine(predictor, observer=recording.collector)
    for taken, message in enumerate(islice(FEED.messages(), count), 1):
        engine.take(message)
        if taken % TURN == 0:
            await recorder.flush()
    recording.end("finished")
    await recorder.flush()
    return await rows_of(database)


async def handed_over(
    database: Database,
    count: int,
    predictor: Predictor | None,
    *,
    written_to: int,
    dies_at: int,
    behind: int,
) -> list[str]:
    """Record a race in which one worker leads the first part and another the rest.

    Args:
        database: Where to.
        count: Messages in all.
        predictor: Forecasts battles in both workers.
        written_to: Messages after which the first worker writes no more.
        dies_at: Messages after which it is gone.
        behind: Messages that the second one is behind the first until then.
    """
    first, second = (Recorder(SqlRaceWriter(database), "test-model") for _ in range(2))
    led, prepared = first.watch(FEED), second.prepare(FEED)
    leading = RaceEngine(predictor, observer=led.collector)
    following = RaceEngine(predictor, observer=prepared.collector)
    messages = list(islice(FEED.messages(), count))
    followed = 0
    for taken in range(1, dies_at + 1):
        leading.take(messages[taken - 1])
        for message in messages[followed : max(0, taken - behind)]:
            following.take(message)
            followed += 1
        if taken % TURN == 0:
            if taken <= written_to:
                await first.flush()
            await second.flush()
            prepared.drop_written()
    second.begin(prepared)
    for message in messages[followed:]:
        following.take(message)
        followed += 1
        if followed % TURN == 0:
            await second.flush()
    prepared.end("finished")
    await second.flush()
    return await rows_of(database)


@pytest.mark.parametrize(
    ("written_to", "dies_at", "behind"),
    [
        pytest.param(240, 247, 0, id="the two are as far"),
        pytest.param(200, 279, 0, id="the second is ahead of what is written"),
        pytest.param(240, 250, 45, id="the second is behind what is written"),
        pytest.param(0, 199, 0, id="the first has written nothing"),
    ],
)
async def test_what_two_workers_wrote_is_what_one_would_have_written(
    tmp_path: Path, written_to: int, dies_at: int, behind: int
) -> None:
    whole = await in_one_go(await a_database(tmp_path / "whole.db"), 400, None)

    parts = await handed_over(
        await a_database(tmp_path / "parts.db"),
        400,
        None,
        written_to=written_to,
        dies_at=dies_at,
        behind=behind,
    )

    assert parts == whole


@pytest.mark.slow
async def test_forecasts_and_their_outcomes_are_handed_over_too(tmp_path: Path) -> None:
    count = 2_300
    whole = await in_one_go(await a_database(tmp_path / "whole.db"), count, PREDICTOR)

    parts = await handed_over(
        await a_database(tmp_path / "parts.db"),
        count,
        PREDICTOR,
        written_to=2_000,
        dies_at=2_050,
        behind=10,
    )

    assert sum("PREDICTIONS" in row for row in whole) > 100
    assert parts == whole


async def test_a_race_is_not_written_before_it_is_taken_over_and_then_the_last_one_ends(
    tmp_path: Path,
) -> None:
    database = await a_database(tmp_path / "pitwall.db")
    recorder = Recorder(SqlRaceWriter(database), "test-model")
    earlier = recorder.watch(FEED)
    prepared = recorder.prepare(FEED)
    engine = RaceEngine(None, observer=prepared.collector)
    for message in islice(FEED.messages(), 100):
        engine.take(message)
    await recorder.flush()
    with pytest.raises(RaceNotFoundError):
        await SqlRaceReader(database).race(RACE)

    recorder.begin(prepared)
    await recorder.flush()

    assert earlier.over == "abandoned"
    assert (await SqlRaceReader(database).race(RACE)).messages == 100
    await database.close()


def test_of_a_race_played_unseen_only_the_newest_stretch_is_held() -> None:
    prepared = Recording(FEED, "test-model")
    engine = RaceEngine(None, observer=prepared.collector)
    turns = HELD_TURNS + 5
    for taken, message in enumerate(islice(FEED.messages(), turns * TURN), 1):
        engine.take(message)
        if taken % TURN == 0:
            prepared.drop_written()

    prepared.requeue_held()

    (held,) = prepared.collector.take_batches()
    assert [m.seq for m in held.messages] == list(range(5 * TURN, turns * TURN))


@pytest.mark.parametrize("leads_again", ["abandoned", "goes on"])
async def test_a_worker_that_comes_back_takes_nothing_of_what_another_wrote_away(
    tmp_path: Path, leads_again: str
) -> None:
    database = await a_database(tmp_path / "pitwall.db")
    one, other = (Recorder(SqlRaceWriter(database), "test-model") for _ in range(2))
    recordings = one.watch(FEED), other.watch(FEED)
    engines = [RaceEngine(None, observer=each.collector) for each in recordings]
    messages = list(islice(FEED.messages(), 1_500))
    for taken, message in enumerate(messages, 1):
        for engine in engines:
            engine.take(message)
        if taken % TURN == 0 and (taken <= 700 or taken > 1_400):
            await one.flush()
        elif taken % TURN == 0:
            await other.flush()
        if taken == 1_400 and leads_again == "abandoned":
            recordings[0].end("abandoned")

    reader = SqlRaceReader(database)
    kept = await reader.messages(await reader.race(RACE))
    assert kept == messages[: len(kept)]
    assert len(kept) >= 1_400
    await database.close()


@pytest.mark.parametrize("its_end", ["finished", None])
async def test_a_worker_that_was_superseded_does_not_set_the_state_of_the_race(
    tmp_path: Path, its_end: Literal["finished"] | None
) -> None:
    database = await a_database(tmp_path / "pitwall.db")
    one, other = (Recorder(SqlRaceWriter(database), "test-model") for _ in range(2))
    recordings = one.watch(FEED), other.watch(FEED)
    engines = [RaceEngine(None, observer=each.collector) for each in recordings]
    for taken, message in enumerate(islice(FEED.messages(), 300), 1):
        for engine in engines if taken <= 200 else engines[1:]:
            engine.take(message)
        if taken == 100:
            await one.flush()
    if its_end is not None:
        recordings[1].end(its_end)
    await other.flush()

    recordings[0].end("abandoned")  # it leads again, and has 100 messages that are stored already
    await one.flush()

    race = await SqlRaceReader(database).race(RACE)
    assert (race.messages, race.state) == (300, its_end or "running")
    assert not one.state.reason
    if its_end is None:
        recordings[1].end("finished")
        await other.flush()
        assert (await SqlRaceReader(database).race(RACE)).state == "finished"
    await database.close()
