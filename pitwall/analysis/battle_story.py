"""Tell the story of a battle of a stored race from its rows, and cache it for all readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
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
from pitwall.errors import NotFoundError
from pitwall.ports.races import RaceReader

LOOKS_BACK: Final = timedelta(minutes=15)

LOOKS_AHEAD: Final = timedelta(minutes=10)

LEADS_IN: Final = timedelta(seconds=60)

LEADS_OUT: Final = timedelta(seconds=120)

BREAKS_OFF: Final = timedelta(seconds=60)  # without a forecast for longer, another battle began

AROUND_A_STOP: Final = timedelta(seconds=75)  # within which a change of order is the stop's doing

OLDEST_GAP: Final = timedelta(seconds=5)  # of a gap to the leader with which another is compared

LAPS_BEFORE: Final = timedelta(minutes=9)

_MOST_ROWS: Final = 12_000  # of 25 minutes; two cars in four battles make half of that

_WHOLE: Final = Selection()

Row = Mapping[str, Any]

Rows = dict[HistoryTable, list[Row]]

_TABLES: Final = (HistoryTable.LAPS, HistoryTable.TIMING, HistoryTable.PREDICTIONS)


async def story_of(
    reader: RaceReader, race: RaceSummary, pair: tuple[int, int], at: datetime
) -> BattleStory:
    """Return the story of the battle that two cars fought at a moment, or nearest to it.

    Args:
        reader: Where the race is kept.
        race: Which one.
        pair: Numbers of the attacking and of the defending car.
        at: On the race's own clock.

    Raises:
        NotFoundError: A car is not in this race.
        StoreError: The database is not there.
    """
    everybody = await _rows(reader, race, [HistoryTable.ENTRIES, HistoryTable.STATUSES])
    entries = {row["car"]: row for row in everybody[HistoryTable.ENTRIES]}
    missing = [car for car in pair if car not in entries]
    if missing:
        raise NotFoundError(f"There is no car {missing[0]} in the race {race.id}.")
    part = Selection(at - LOOKS_BACK, at + LOOKS_AHEAD, tuple(map(str, pair)))
    rows = await _rows(reader, race, _TABLES, part)
    rows[HistoryTable.STATUSES] = everybody[HistoryTable.STATUSES]
    sides = (_side(entries[pair[0]]), _side(entries[pair[1]]))
    drivers = (entries[pair[0]]["driver"], entries[pair[1]]["driver"])
    return await asyncio.to_thread(_told, race, sides, drivers, rows, at)


async def _rows(
    reader: RaceReader,
    race: RaceSummary,
    tables: Sequence[HistoryTable],
    part: Selection = _WHOLE,
) -> Rows:
    page = await reader.page(race, tables, part, _MOST_ROWS)
    found: Rows = {table: [] for table in tables}
    for table, row in page.rows:
        found[table].append(row)
    return found


def _told(
    race: RaceSummary, sides: tuple[Side, Side], drivers: tuple[str, str], rows: Rows, at: datetime
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
            for turn in _happenings(timing, laps, attacker.car, defender.car)
            if since <= turn.at <= until
        ),
        stretches=tuple(_stretches(rows[HistoryTable.STATUSES], since, until)),
        laps=tuple(_of_both(laps, attacker.car, defender.car, since - LAPS_BEFORE)),
    )


def _side(row: Row) -> Side:
    return Side(row["car"], row["code"] or str(row["car"]), row["name"], row["team_colour"] or "")


def _forecast(row: Row, attacker: int, defender: int) -> PredictionRecord:
    told = {name: row[name] for name in PredictionRecord._fields if name in row}
    told |= {"attacker": attacker, "defender": defender}
    return PredictionRecord(**told, made_at=row["made_at_utc"], settled_at=row["settled_at_utc"])


def _battle_around(rows: Sequence[PredictionRecord], at: datetime) -> list[PredictionRecord]:
    """Return the run of forecasts, without a long break, that lies nearest to a moment."""
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
    """Return the gap at each row that tells it: the interval, else the gaps to the leader."""
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
                # Neighbours have an interval; only the row of the one behind tells it.
                interval_s = behind["interval_s"] if behind["at_utc"] == at else None
                return None if interval_s is None else sign * interval_s
    if max(at - attacker["at_utc"], at - defender["at_utc"]) > OLDEST_GAP:
        return None
    back_s, front_s = _to_leader_s(attacker), _to_leader_s(defender)
    return None if back_s is None or front_s is None else round(back_s - front_s, 3)


def _to_leader_s(row: Row) -> float | None:
    """Return what `domain.gaps.seconds_of` is of a live car; a row has no gap of the leader."""
    return 0.0 if row["is_leader"] else row["gap_to_leader_s"]


def _happenings(
    timing: Sequence[Row], laps: Sequence[LapRow], attacker: int, defender: int
) -> list[Happening]:
    stops = [Happening(lap.completed_at, Turn.PITTED, lap.car) for lap in laps if lap.pitted]
    # Two laps count as one stop: the one on which he came in and the one that began in the pits.
    stops = [
        stop
        for nth, stop in enumerate(stops)
        if not any(
            stop.car == before.car and stop.at - before.at < 2 * AROUND_A_STOP
            for before in stops[:nth]
        )
    ]
    found = list(stops)
    places: dict[int, int] = {}
    was_ahead: bool | None = None
    for row in timing:
        if row["position"] is None:
            continue
        places[row["car"]] = row["position"]
        # While the two rows of one change have not both come, they share a place.
        if len(places) < 2 or places[attacker] == places[defender]:
            continue
        is_ahead = places[attacker] < places[defender]
        if was_ahead is not None and is_ahead is not was_ahead:
            found.append(_change(row["at_utc"], stops, attacker, defender, is_ahead=is_ahead))
        was_ahead = is_ahead
    return sorted(found, key=lambda each: each.at)


def _change(
    at: datetime, stops: Sequence[Happening], attacker: int, defender: int, *, is_ahead: bool
) -> Happening:
    who = attacker if is_ahead else defender
    if any(abs(stop.at - at) < AROUND_A_STOP for stop in stops):
        return Happening(at, Turn.SWAPPED, who)
    return Happening(at, Turn.PASSED if is_ahead else Turn.PASSED_BACK, who)


def _stretches(statuses: Sequence[Row], since: datetime, until: datetime) -> list[NeutralisedSpell]:
    told = [row for row in statuses if row["kind"] == "track" and row["at_utc"] < until]
    found = []
    for nth, row in enumerate(told):
        ends = told[nth + 1]["at_utc"] if nth + 1 < len(told) else None
        status = TrackStatus(row["value"])
        if status is not TrackStatus.CLEAR and (ends is None or ends > since):
            found.append(NeutralisedSpell(max(row["at_utc"], since), ends, status))
    return found


def _lap(row: Row) -> LapRow:
    told = {name: row[name] for name in LapRow._fields if name in row}
    return LapRow(**told, completed_at=row["completed_at_utc"])


def _of_both(
    laps: Sequence[LapRow], attacker: int, defender: int, since: datetime
) -> list[LapOfBoth]:
    theirs = {lap.lap: lap for lap in laps if lap.car == defender}
    return [
        LapOfBoth(lap.lap, lap, theirs[lap.lap])
        for lap in laps
        if lap.car == attacker and lap.lap in theirs and lap.completed_at >= since
    ]


STORIES_HELD: Final = 32  # a long one has 1,500 forecasts, some 0.7 MB

LAPS_HELD: Final = 64  # some 130 kB each

StoryKey = tuple[str, int, tuple[int, int], int]
"""Race, its revision, attacker and defender, and a quarter of a minute."""

LapKey = tuple[str, int, int, int, int]
"""Race, its revision, attacker, defender and lap."""

OutlineOf = Callable[[str], Sequence[Point]]
"""Returns one lap around a race's circuit from the line on, by race; empty where not known."""


class BattleCache:
    """Tells stories from the database and keeps the newest of them.

    Args:
        reader: Where races are kept.
        circuits: Descriptions of their circuits; None numbers no corners.
        outline_of: Where corners are looked up whose distance nobody tells.
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
        self._laps: OnceCache[LapKey, LapCompared | None] = OnceCache(LAPS_HELD)

    async def story(self, race_id: str, pair: tuple[int, int], at: datetime) -> BattleStory:
        """Return the story of the battle that two cars fought at a moment, or nearest to it.

        Raises:
            RaceNotFoundError: The race is not kept.
            NotThereError: A car is not in this race.
            StoreError: The database is not there.
        """
        race = await self._reader.race(race_id)
        for key, story in self._stories.items():
            if key[1] == race.revision and story.covers(race_id, *pair, at):
                return story
        # One moment in each quarter of a minute is asked about; the story lasts for minutes.
        key = (race_id, race.revision, pair, int(at.timestamp()) // 15)
        return await self._stories.get(key, lambda: story_of(self._reader, race, pair, at))

    async def lap(self, story: BattleStory, lap: int) -> LapCompared | None:
        """Return one lap of a story compared; None without telemetry, or without such a lap.

        Raises:
            RaceNotFoundError: The race was removed meanwhile.
            StoreError: The database is not there.
        """
        both = next((each for each in story.laps if each.lap == lap), None)
        if both is None:
            return None
        race = await self._reader.race(story.race_id)
        key = (race.id, race.revision, both.attacker.car, both.defender.car, lap)
        compared = await self._laps.get(key, lambda: compare_lap(self._reader, race, both))
        return None if compared is None else await self._with_corners(race, compared)

    async def _with_corners(self, race: RaceSummary, compared: LapCompared) -> LapCompared:
        # Not kept with the lap: who describes a circuit may be there later.
        guide = None if self._circuits is None else await self._circuits.guide(race)
        if guide is None:
            return compared
        corners = corners_on_lap(guide, compared.distance_m[-1], self._outline_of(race.id))
        if not corners:
            return compared
        return replace(compared, corners=corners, corners_from=guide.source)
