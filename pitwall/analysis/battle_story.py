"""Build the story of a battle of a stored race from its rows, and cache it for all readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pitwall.aio import OnceCache
from pitwall.analysis.circuit_lookup import CircuitLookup
from pitwall.analysis.lap_comparison import LapCompared, compare_lap, corners_on_lap
from pitwall.domain.circuits import Point
from pitwall.domain.race import TrackStatus
from pitwall.domain.records import LapRow, PredictionRecord
from pitwall.domain.stored_races import HistoryTable, RaceSummary, Selection
from pitwall.domain.stories import (
    BattleStory,
    GapPoint,
    Happening,
    IntervalPoint,
    LapOfBoth,
    NeutralisedSpell,
    Side,
    Turn,
)
from pitwall.domain.timeline import Pass
from pitwall.errors import NotFoundError
from pitwall.ports.races import RaceReader

LOOKS_BACK: Final = timedelta(minutes=15)

LOOKS_AHEAD: Final = timedelta(minutes=10)

LEADS_IN: Final = timedelta(seconds=60)

LEADS_OUT: Final = timedelta(seconds=120)

BREAKS_OFF: Final = timedelta(seconds=60)  # a longer time without forecasts separates two battles

AROUND_A_STOP: Final = timedelta(seconds=75)  # within it a change of order is due to the pit stop

ROWS_APART: Final = timedelta(seconds=10)  # the rows of a pass may come that long before or after

OLDEST_GAP: Final = timedelta(seconds=5)  # older gaps to the leader are not compared

LAPS_BEFORE: Final = timedelta(minutes=9)

_MOST_ROWS: Final = 12_000  # in 25 minutes; two cars in four battles have half as many

_WHOLE: Final = Selection()

Row = Mapping[str, Any]

Rows = dict[HistoryTable, list[Row]]

_TABLES: Final = (HistoryTable.LAPS, HistoryTable.TIMING, HistoryTable.PREDICTIONS)


async def story_of(
    reader: RaceReader,
    race: RaceSummary,
    pair: tuple[int, int],
    at: datetime,
    passes: Sequence[Pass],
) -> BattleStory:
    """Return the story of the battle that two cars fought at a moment, or nearest to it.

    Args:
        reader: Reads the stored race.
        race: The race.
        pair: Numbers of the attacking and of the defending car.
        at: The moment, on the race's own clock.
        passes: All passes of the race, from its timeline.

    Raises:
        NotFoundError: A car is not in this race.
        StoreError: The database cannot be reached.
    """
    whole_race = await _rows(reader, race, [HistoryTable.ENTRIES, HistoryTable.STATUSES])
    entries = {row["car"]: row for row in whole_race[HistoryTable.ENTRIES]}
    missing = [car for car in pair if car not in entries]
    if missing:
        raise NotFoundError(f"There is no car {missing[0]} in the race {race.id}.")
    part = Selection(at - LOOKS_BACK, at + LOOKS_AHEAD, tuple(map(str, pair)))
    rows = await _rows(reader, race, _TABLES, part)
    rows[HistoryTable.STATUSES] = whole_race[HistoryTable.STATUSES]
    sides = (_side(entries[pair[0]]), _side(entries[pair[1]]))
    drivers = (entries[pair[0]]["driver"], entries[pair[1]]["driver"])
    own = [each for each in passes if {each.attacker, each.defender} == set(pair)]
    return await asyncio.to_thread(_build_story, race, sides, drivers, rows, at, own)


async def _rows(
    reader: RaceReader,
    race: RaceSummary,
    tables: Sequence[HistoryTable],
    part: Selection = _WHOLE,
) -> Rows:
    page = await reader.page(race, tables, part, _MOST_ROWS)
    rows: Rows = {table: [] for table in tables}
    for table, row in page.rows:
        rows[table].append(row)
    return rows


def _build_story(
    race: RaceSummary,
    sides: tuple[Side, Side],
    drivers: tuple[str, str],
    rows: Rows,
    at: datetime,
    passes: Sequence[Pass],
) -> BattleStory:
    attacker, defender = sides
    of_pair = [
        _forecast(row, attacker.car, defender.car)
        for row in rows[HistoryTable.PREDICTIONS]
        if (row["attacker"], row["defender"]) == drivers
    ]
    forecasts = _battle_around(of_pair, at)
    since = (forecasts[0].made_at if forecasts else at) - LEADS_IN
    until = (forecasts[-1].made_at if forecasts else at) + LEADS_OUT
    since, until = min(since, at), max(until, at)
    laps = [_lap(row) for row in rows[HistoryTable.LAPS] if row["completed_at_utc"] <= until]
    timing = rows[HistoryTable.TIMING]
    gaps = _gaps(timing, attacker.car, defender.car)
    return BattleStory(
        race_id=race.id,
        attacker=attacker,
        defender=defender,
        since=since,
        until=until,
        forecasts=tuple(forecasts),
        gaps=tuple(point for point in gaps if since <= point.at <= until),
        ahead=tuple(
            IntervalPoint(row["at_utc"], row["interval_s"])
            for row in timing
            if row["car"] == defender.car
            and row["interval_s"] is not None
            and since <= row["at_utc"] <= until
        ),
        happenings=tuple(
            turn
            for turn in _happenings(timing, laps, attacker.car, defender.car, passes)
            if since <= turn.at <= until
        ),
        stretches=tuple(_stretches(rows[HistoryTable.STATUSES], since, until)),
        laps=tuple(_of_both(laps, attacker.car, defender.car, since - LAPS_BEFORE)),
    )


def _side(row: Row) -> Side:
    return Side(row["car"], row["code"] or str(row["car"]), row["name"], row["team_colour"] or "")


def _forecast(row: Row, attacker: int, defender: int) -> PredictionRecord:
    values = {name: row[name] for name in PredictionRecord._fields if name in row}
    values |= {"attacker": attacker, "defender": defender}
    return PredictionRecord(**values, made_at=row["made_at_utc"], settled_at=row["settled_at_utc"])


def _battle_around(rows: Sequence[PredictionRecord], at: datetime) -> list[PredictionRecord]:
    """Return the forecasts of the battle nearest to a moment; a long break ends a battle."""
    runs: list[list[PredictionRecord]] = []
    for row in rows:
        if runs and row.made_at - runs[-1][-1].made_at <= BREAKS_OFF:
            runs[-1].append(row)
        else:
            runs.append([row])

    def distance(run: list[PredictionRecord]) -> timedelta:
        return max(run[0].made_at - at, at - run[-1].made_at, timedelta())

    return min(runs, key=distance, default=[])


def _gaps(timing: Sequence[Row], attacker: int, defender: int) -> list[GapPoint]:
    """Return the gap at each row that has one: the interval, else from the gaps to the leader."""
    newest: dict[int, Row] = {}
    points = []
    for row in timing:
        newest[row["car"]] = row
        if attacker not in newest or defender not in newest:
            continue
        gap_s = _gap(row["at_utc"], newest[attacker], newest[defender])
        if gap_s is not None:
            points.append(GapPoint(row["at_utc"], gap_s))
    return points


def _gap(at: datetime, attacker: Row, defender: Row) -> float | None:
    places = (attacker["position"], defender["position"])
    if None not in places:
        for behind, ahead, sign in ((attacker, defender, 1), (defender, attacker, -1)):
            if behind["position"] - ahead["position"] == 1:
                # The two are neighbours: only the row of the car behind has their interval.
                interval_s = behind["interval_s"] if behind["at_utc"] == at else None
                return None if interval_s is None else sign * interval_s
    if max(at - attacker["at_utc"], at - defender["at_utc"]) > OLDEST_GAP:
        return None
    back_s, front_s = _to_leader_s(attacker), _to_leader_s(defender)
    return None if back_s is None or front_s is None else round(back_s - front_s, 3)


def _to_leader_s(row: Row) -> float | None:
    """Return a row's gap to the leader in seconds, as `domain.gaps.seconds_of` does for a live car.

    A row of the leader holds no gap.
    """
    return 0.0 if row["is_leader"] else row["gap_to_leader_s"]


def _happenings(
    timing: Sequence[Row],
    laps: Sequence[LapRow],
    attacker: int,
    defender: int,
    passes: Sequence[Pass],
) -> list[Happening]:
    """Return stops, passes as the timeline has them, and changes of order around a stop."""
    stops = [Happening(lap.completed_at, Turn.PITTED, lap.car) for lap in laps if lap.pitted]
    # The in-lap and the out-lap, which begins in the pits, count as one stop.
    stops = [
        stop
        for nth, stop in enumerate(stops)
        if not any(
            stop.car == before.car and stop.at - before.at < 2 * AROUND_A_STOP
            for before in stops[:nth]
        )
    ]
    happenings = list(stops)
    for each in passes:
        turn = Turn.PASSED if each.attacker == attacker else Turn.PASSED_BACK
        happenings.append(Happening(each.at, turn, each.attacker))
    for at, mover in _changes_of_order(timing, attacker, defender):
        is_pass = any(abs(each.at - at) <= ROWS_APART for each in passes)
        if not is_pass and any(abs(stop.at - at) < AROUND_A_STOP for stop in stops):
            happenings.append(Happening(at, Turn.SWAPPED, mover))
    return sorted(happenings, key=lambda each: each.at)


def _changes_of_order(
    timing: Sequence[Row], attacker: int, defender: int
) -> Iterator[tuple[datetime, int]]:
    """Yield when the order of the two changed, and who is ahead since."""
    places: dict[int, int] = {}
    was_ahead: bool | None = None
    for row in timing:
        if row["position"] is None:
            continue
        places[row["car"]] = row["position"]
        # Until both rows of one change have come, the two cars share a place.
        if len(places) < 2 or places[attacker] == places[defender]:
            continue
        is_ahead = places[attacker] < places[defender]
        if was_ahead is not None and is_ahead is not was_ahead:
            yield row["at_utc"], attacker if is_ahead else defender
        was_ahead = is_ahead


def _stretches(statuses: Sequence[Row], since: datetime, until: datetime) -> list[NeutralisedSpell]:
    changes = [row for row in statuses if row["kind"] == "track" and row["at_utc"] < until]
    spells = []
    for nth, row in enumerate(changes):
        ends = changes[nth + 1]["at_utc"] if nth + 1 < len(changes) else None
        status = TrackStatus(row["value"])
        if status is not TrackStatus.CLEAR and (ends is None or ends > since):
            spells.append(NeutralisedSpell(max(row["at_utc"], since), ends, status))
    return spells


def _lap(row: Row) -> LapRow:
    values = {name: row[name] for name in LapRow._fields if name in row}
    return LapRow(**values, completed_at=row["completed_at_utc"])


def _of_both(
    laps: Sequence[LapRow], attacker: int, defender: int, since: datetime
) -> list[LapOfBoth]:
    theirs = {lap.lap: lap for lap in laps if lap.car == defender}
    return [
        LapOfBoth(lap.lap, lap, theirs[lap.lap])
        for lap in laps
        if lap.car == attacker and lap.lap in theirs and lap.completed_at >= since
    ]


STORIES_HELD: Final = 32  # a long one has 1,500 forecasts, about 0.7 MB

LAPS_HELD: Final = 64  # about 130 kB each

StoryKey = tuple[str, int, tuple[int, int], int]
"""Race, its revision, attacker and defender, and a quarter of a minute."""

LapKey = tuple[str, int, int, int, int]
"""Race, its revision, attacker, defender and lap."""

OutlineOf = Callable[[str], Sequence[Point]]
"""Returns one lap around the circuit of a race, from the line on; empty where not known."""


class BattleCache:
    """Builds stories from the database, and caches the newest.

    Args:
        reader: Reads stored races.
        circuits: Describes circuits. None to show no corners.
        outline_of: Returns outlines, to place corners of unknown distance.
    """

    def __init__(
        self,
        reader: RaceReader,
        circuits: CircuitLookup | None = None,
        outline_of: OutlineOf = lambda _race_id: (),
    ) -> None:
        self._reader = reader
        self._circuits = circuits
        self._outline_of = outline_of
        self._stories: OnceCache[StoryKey, BattleStory] = OnceCache(STORIES_HELD)
        self._passes: OnceCache[tuple[str, int], Sequence[Pass]] = OnceCache(STORIES_HELD)
        self._laps: OnceCache[LapKey, LapCompared | None] = OnceCache(LAPS_HELD)

    async def story(self, race_id: str, pair: tuple[int, int], at: datetime) -> BattleStory:
        """Return the story of the battle that two cars fought at a moment, or nearest to it.

        Raises:
            RaceNotFoundError: The race is not stored.
            NotFoundError: A car is not in this race.
            StoreError: The database cannot be reached.
        """
        race = await self._reader.race(race_id)
        for key, story in self._stories.items():
            if key[1] == race.revision and story.covers(race_id, *pair, at):
                return story
        # A story lasts for minutes, so that one for each quarter of a minute is enough.
        key = (race_id, race.revision, pair, int(at.timestamp()) // 15)
        passes = await self._passes.get((race.id, race.revision), lambda: self._passes_of(race))
        return await self._stories.get(key, lambda: story_of(self._reader, race, pair, at, passes))

    async def _passes_of(self, race: RaceSummary) -> Sequence[Pass]:
        return (await self._reader.timeline(race)).passes

    async def lap(self, story: BattleStory, lap: int) -> LapCompared | None:
        """Return the comparison of one lap of a story; None without telemetry or such a lap.

        Raises:
            RaceNotFoundError: The race was removed meanwhile.
            StoreError: The database cannot be reached.
        """
        both = next((each for each in story.laps if each.lap == lap), None)
        if both is None:
            return None
        race = await self._reader.race(story.race_id)
        key = (race.id, race.revision, both.attacker.car, both.defender.car, lap)
        compared = await self._laps.get(key, lambda: compare_lap(self._reader, race, both))
        return None if compared is None else await self._with_corners(race, compared)

    async def _with_corners(self, race: RaceSummary, compared: LapCompared) -> LapCompared:
        # Not cached with the lap, because a description of the circuit may become available later.
        guide = None if self._circuits is None else await self._circuits.guide(race)
        if guide is None:
            return compared
        corners = corners_on_lap(guide, compared.distance_m[-1], self._outline_of(race.id))
        if not corners:
            return compared
        return replace(compared, corners=corners, corners_from=guide.source)
