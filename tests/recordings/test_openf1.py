"""Test Japan 2026 through OpenF1's REST interface against the timing archive of the same race."""

from __future__ import annotations

import statistics
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pitwall.domain.events import CarTimed
from pitwall.domain.gaps import TimeGap
from pitwall.domain.race import Compound, DriverNumber, Phase, RaceState
from pitwall.domain.reducer import apply
from pitwall.feeds.openf1 import OpenF1Access, OpenF1History
from pitwall.feeds.timing import TimingFeed
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage
from tests.chaos.openf1_rows import RACE, SESSION, japan
from tests.chaos.openf1_server import OpenF1Server
from tests.chaos.threaded import serving

ARCHIVED = 199  # the race's number in the timing archive
STR = DriverNumber(18)  # retired in the pit lane: OpenF1 tells of a stop at its exit
FRESH_S = 5.0  # an interval is sent every 3.7 s

pytestmark = pytest.mark.slow


class Fetched:
    """A race, and every car's intervals in seconds by the instant they were told."""

    def __init__(self, messages: Iterable[RawMessage]) -> None:
        race = RaceState()
        self.intervals: dict[DriverNumber, list[tuple[datetime, float | None]]] = {}
        self.faults = 0
        for message in messages:
            decoded = decode(message)
            self.faults += len(decoded.faults)
            for event in decoded.events:
                race = apply(race, event)
                if isinstance(event, CarTimed) and event.interval is not None:
                    value = event.interval.seconds if isinstance(event.interval, TimeGap) else None
                    self.intervals.setdefault(event.number, []).append((event.sent_at, value))
        self.race = race

    def stops(self) -> dict[DriverNumber, list[int]]:
        """Return the laps that each car began or ended in the pit lane."""
        return {
            number: [lap.lap_number for lap in car.laps if lap.pitted]
            for number, car in self.race.cars.items()
        }

    def tyres(self) -> dict[DriverNumber, list[tuple[Compound, int | None]]]:
        """Return each car's sets: compound and age when taken off."""
        return {
            number: [(stint.compound, stint.tyre_life_laps) for stint in car.stints]
            for number, car in self.race.cars.items()
        }


@cache
def through_rest(shared: Path, without: str = "") -> Fetched:
    server = OpenF1Server(japan(shared), lambda: datetime.now(UTC), in_session=False)
    server.withheld = {without}
    with serving(server.http) as url:
        feed = OpenF1History(str(SESSION), OpenF1Access.of(url))
        messages = list(feed.messages())
        assert list(feed.messages()) == messages  # as the port promises
    fetched = Fetched(messages)
    instants = [message.sent_at for message in messages]
    assert instants == sorted(instants)
    assert server.refused == 0  # within OpenF1's limit by itself
    return fetched


@cache
def archived(shared: Path) -> Fetched:
    return Fetched(TimingFeed(shared / "data" / "timing", RACE).messages())


def test_the_race_ends_as_it_ended(shared: Path) -> None:
    ours, theirs = through_rest(shared).race, archived(shared).race

    assert [car.number for car in ours.in_order()] == [car.number for car in theirs.in_order()]
    assert {n: car.laps_completed for n, car in ours.cars.items()} == {
        n: car.laps_completed for n, car in theirs.cars.items()
    }
    assert ours.info == theirs.info
    assert ours.lap == theirs.lap == 53
    assert ours.phase is Phase.FINISHED  # OpenF1 tells nothing of what comes after
    assert ours.track_status == theirs.track_status
    assert through_rest(shared).faults == 0


def test_the_pit_laps_are_the_archives(shared: Path) -> None:
    ours, theirs = through_rest(shared), archived(shared)

    expected = theirs.stops()
    assert expected[STR][-1] == 30
    expected[STR] = expected[STR][:-1]
    assert ours.stops() == expected
    stops = {n: car.pit_stops for n, car in theirs.race.cars.items()}
    stops[STR] -= 1
    assert {n: car.pit_stops for n, car in ours.race.cars.items()} == stops


def test_the_tyres_are_the_archives(shared: Path) -> None:
    assert through_rest(shared).tyres() == archived(shared).tyres()


def test_openf1s_rows_alone_give_order_and_compounds(shared: Path) -> None:
    """The recorded rows hold no laps: those of the other tests come from the archive."""
    ours, theirs = through_rest(shared, without="laps"), archived(shared)

    assert [car.number for car in ours.race.in_order()] == [
        car.number for car in theirs.race.in_order()
    ]
    compounds = {n: [compound for compound, _ in sets] for n, sets in ours.tyres().items()}
    # Stints that began without a stop cannot be placed in time without laps; there are none.
    assert compounds == {n: [c for c, _ in sets] for n, sets in theirs.tyres().items()}


def test_pit_rows_name_the_laps_on_which_the_archives_cars_came_in(shared: Path) -> None:
    rows = [told.row for told in japan(shared).told if told.endpoint == "pit"]
    laps = pq.read_table(
        shared / "data" / "timing" / "laps.parquet",
        columns=["car", "lap", "pit_in_ms"],
        filters=[("session_id", "=", ARCHIVED)],
    ).to_pylist()

    ours = {(row["driver_number"], row["lap_number"]) for row in rows}
    theirs = {(row["car"], row["lap"]) for row in laps if row["pit_in_ms"] is not None}
    assert ours == theirs - {(STR, 30)}
    assert len(ours) == 29


def differences_s(ours: Fetched, theirs: Fetched) -> Iterator[float]:
    """Yield how far apart the intervals of a car are at the instants OpenF1 names in the race."""
    for number, told in ours.intervals.items():
        against = theirs.intervals.get(number, [])
        instants = [at for at, _ in against]
        for at, value in told:
            index = bisect_right(instants, at) - 1
            if value is None or index < 0:
                continue
            since, other = against[index]
            if other is not None and at - since <= timedelta(seconds=FRESH_S):
                yield abs(value - other)


def test_intervals_at_the_same_instant_agree(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apart = sorted(differences_s(through_rest(shared), archived(shared)))
    median, p95 = statistics.median(apart), apart[int(0.95 * (len(apart) - 1))]

    with capsys.disabled():
        sys.stdout.write(
            f"\nintervals apart: median {median:.3f} s, p95 {p95:.3f} s, "
            f"largest {apart[-1]:.3f} s, of {len(apart)} at the same instants\n"
        )
    assert len(apart) > 20_000
    assert median <= 0.2
    assert p95 <= 1.0
