"""Test that an inspected battle is what the model saw then, and that a what-if begins there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pitwall.analysis.what_if import BattleInspector
from pitwall.domain.records import Batch, PredictionRecord
from pitwall.errors import NotFoundError, RaceNotFoundError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.prediction.columns.lap_table import LapTable
from pitwall.prediction.scenario import Scenario
from pitwall.replay.moments import StoredForecasts
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import PREDICTOR, collector_of, keep, moments_of

MESSAGES = 4_500  # some laps of a race


@dataclass
class Kept:
    """A stored race, and the forecasts that were made of it."""

    race_id: str
    seen: BattleInspector
    reader: CountingReader
    forecasts: list[PredictionRecord]

    def surest(self) -> PredictionRecord:
        """Return the forecast that is nearest to one half."""
        return min(self.forecasts, key=lambda row: abs(row.p_overtake - 0.5))


class CountingReader(SqlRaceReader):
    """Counts how often a segment of the race is fetched."""

    fetched = 0

    async def messages(self, *args: Any, **settings: Any) -> Any:
        self.fetched += 1
        return await super().messages(*args, **settings)


def seen_of(reader: SqlRaceReader) -> BattleInspector:
    return BattleInspector(moments_of(reader), PREDICTOR)


@cache
def _laps_of_a_race() -> Batch:
    (batch,) = collector_of(islice(SimulatedFeed(7).messages(), MESSAGES)).take_batches()
    return batch


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    database = Database(database_url(f"sqlite:///{tmp_path / 'pitwall.db'}", tmp_path))
    await migrations.upgrade(database)
    batch = _laps_of_a_race()
    await keep(SqlRaceWriter(database), SimulatedFeed(7), batch)
    reader = CountingReader(database)
    rows = list(batch.predictions.values())
    yield Kept(batch.info.race_id, seen_of(reader), reader, rows)
    await database.close()


@pytest.mark.slow
async def test_what_the_model_saw_says_what_it_said_then(kept: Kept) -> None:
    then = kept.surest()

    seen = await kept.seen.seen(kept.race_id, (then.attacker, then.defender), then.made_at)

    assert seen.forecast.p_overtake == pytest.approx(then.p_overtake, abs=1e-12)
    assert seen.forecast.mixed is not None
    assert seen.forecast.mixed.p_high == pytest.approx(then.p_high, abs=1e-12)
    assert seen.forecast.reasons
    assert seen.as_it_was.gap_s == then.interval_s
    assert seen.as_it_was.attacker_compound is not None
    assert seen.as_it_was.attacker_tyre_laps is not None

    # Without changes the forecast is the one seen; changes move it in the expected direction.
    asked = kept.reader.fetched
    same = await kept.seen.what_if(seen, seen.as_it_was)
    assert same.p_overtake == seen.forecast.p_overtake
    far = await kept.seen.what_if(seen, Scenario(gap_s=2.0))
    assert far.p_overtake is not None
    assert same.p_overtake is not None
    assert far.p_overtake < same.p_overtake / 2

    # A slider that moves costs no further trip to the database.
    again = await kept.seen.seen(kept.race_id, (then.attacker, then.defender), then.made_at)
    assert again is seen
    assert kept.reader.fetched == asked


@pytest.mark.slow
async def test_looking_at_a_moment_on_screen_reads_no_lap_again(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = kept.surest()
    async with kept.seen._moments.at(kept.race_id, then.made_at) as moment:
        assert sum(len(car.laps) for car in moment.state.race.cars.values()) > 20

    def add(*_: object) -> None:
        raise AssertionError("a lap was read again")

    monkeypatch.setattr(LapTable, "_add", add)
    seen = await kept.seen.seen(kept.race_id, (then.attacker, then.defender), then.made_at)
    forecasts = StoredForecasts(kept.seen._moments, PREDICTOR)
    frame = await forecasts.forecast_at(kept.race_id, then.made_at)

    assert seen.forecast.p_overtake in [one.p_overtake for one in frame.battles]


@pytest.mark.slow
async def test_where_there_is_nothing_to_see_it_says_why(kept: Kept) -> None:
    then = kept.surest()
    pair = (then.attacker, then.defender)

    with pytest.raises(NotFoundError, match="not in a battle"):
        await kept.seen.seen(kept.race_id, (pair[1], pair[0]), then.made_at)
    with pytest.raises(RaceNotFoundError, match="had not begun"):
        await kept.seen.seen(kept.race_id, pair, then.made_at - timedelta(days=1))
    with pytest.raises(RaceNotFoundError):
        await kept.seen.seen("2020-no-race", pair, then.made_at)


@pytest.mark.slow
async def test_what_was_asked_long_ago_is_forgotten(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept.seen._cache, "most", 1)
    first, second = _two_moments(kept)

    for moment in (first, second, first):
        row = moment
        await kept.seen.seen(kept.race_id, (row.attacker, row.defender), row.made_at)

    assert len(kept.seen._cache) == 1
    seen = await kept.seen.seen(kept.race_id, (first.attacker, first.defender), first.made_at)
    assert seen.forecast.p_overtake == pytest.approx(first.p_overtake, abs=1e-12)


def _two_moments(kept: Kept) -> tuple[PredictionRecord, PredictionRecord]:
    first = kept.surest()
    return first, next(row for row in kept.forecasts if row.made_at != first.made_at)


def test_ranges_are_those_of_training(tmp_path: Path) -> None:
    seen = seen_of(SqlRaceReader(Database(database_url(None, tmp_path))))

    least, most = seen.range_of("interval_s") or (0.0, 0.0)
    assert 0 <= least < 1 < most
    assert seen.range_of("no_such_thing") is None
