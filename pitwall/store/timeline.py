"""Build the timeline of a stored race, mostly in SQL and not row by row in Python.

Passes are those of the table of endings, which the engine judged by `domain.endings` and told on
the page and in `/live-battles`. The outcome of a forecast, and with it the ledger, answers another
question: whether the attacker is ahead a lap later, neither having pitted. So a pass that is
undone within the lap is a pass here, while its forecasts are settled as held.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.battles import CLOSE_BELOW_S, OF_CHANCE, OF_CLOSENESS
from pitwall.domain.forecasts import Outcome
from pitwall.domain.race import START_OF_TIME, Phase, TrackStatus
from pitwall.domain.stored_races import RaceSummary
from pitwall.domain.timeline import CALLED, Fight, Pass, Span, Stop, Timeline
from pitwall.store.instants import Instant

PARTS: Final = 240
_RUN_UP = timedelta(minutes=5)  # before lights out
_JUST_BEFORE = timedelta(
    seconds=15
)  # the feed reports a place some seconds after the last forecast
_STATUSES = "SELECT at, kind, value FROM statuses WHERE race_number = :number ORDER BY at, seq"
_PITTED = (
    "SELECT completed_at AS at, car, lap FROM laps "
    "WHERE race_number = :number AND pitted AND NOT deleted ORDER BY car, lap"
)
_CODES = (
    "SELECT car, driver_id, code FROM entries JOIN drivers ON drivers.id = driver_id "
    "WHERE race_number = :number"
)
_PASSES = (
    "SELECT ended_at AS at, attacker, defender, position FROM endings "
    "WHERE race_number = :number AND reason = 'passed' ORDER BY ended_at, attacker"
)
_ANY_ENDING = "SELECT 1 AS found FROM endings WHERE race_number = :number LIMIT 1"
_FIGHTS = """
WITH forecasts AS (
  SELECT attacker_id, defender_id, made_at, position, p_overtake, outcome,
    CASE WHEN made_at - lag(made_at) OVER pair <= {pause} THEN 0 ELSE 1 END AS begins
  FROM predictions WHERE race_id = :race_id
  WINDOW pair AS (PARTITION BY attacker_id, defender_id ORDER BY made_at)
), numbered AS (
  SELECT forecasts.*, sum(begins) OVER
    (PARTITION BY attacker_id, defender_id ORDER BY made_at) AS nth FROM forecasts
)
SELECT attacker_id, defender_id, min(made_at) AS since, max(made_at) AS until,
  max(p_overtake) AS most_p,
  max(CASE WHEN outcome = '{passed}' THEN p_overtake END) AS p_before_pass,
  max(CASE WHEN outcome = '{held}' THEN p_overtake END) AS p_before_none,
  max(CASE WHEN outcome = '{passed}' THEN made_at END) AS passed_at, min(position) AS position
FROM numbered GROUP BY attacker_id, defender_id, nth ORDER BY since
"""
_OUTCOMES = {"passed": Outcome.PASSED.value, "held": Outcome.HELD.value}
# The same formula as `pitwall.domain.battles.heat`.
_HEAT = """
SELECT {part} AS part, max({of_chance} * p_overtake + {of_closeness} *
  CASE WHEN interval_s >= {close_s} THEN 0.0
  ELSE 1.0 - interval_s / {close_s} END) AS heat
FROM predictions WHERE race_id = :race_id GROUP BY 1
"""
_WEIGHTS = {"of_chance": OF_CHANCE, "of_closeness": OF_CLOSENESS, "close_s": CLOSE_BELOW_S}


async def timeline_of(connection: AsyncConnection, race: RaceSummary) -> Timeline:
    """Return the timeline of a race; without any message it has no duration."""
    first = race.first_at or START_OF_TIME
    end = max(race.last_at or first, first)
    queries = _Queries(connection, race)
    statuses = await queries.rows(_STATUSES, "at")
    pitted = await queries.rows(_PITTED, "at")
    entries = await queries.rows(_CODES)
    cars = {row.driver_id: row.car for row in entries}
    found = await queries.fights()
    fights = [_fight(row, cars) for row in found]
    if await queries.rows(_ANY_ENDING):
        passes = _passes(await queries.rows(_PASSES, "at"), fights)
    else:  # a release before the table of endings stored the race
        passes = _passes_by_outcome(found, fights)
    phases = [(row.at, row.value) for row in statuses if row.kind == "phase"]
    started = next((at for at, phase in phases if phase == Phase.STARTED), None)
    # A recording may begin with an hour of empty grid, which would take the race's place.
    begin = max(first, started - _RUN_UP) if started else first
    return Timeline(
        begins=begin,
        ends=end,
        started=started,
        flags=tuple(_flags(statuses, phases, end)),
        laps=tuple((row.at, int(row.value)) for row in statuses if row.kind == "lap_count"),
        stops=tuple(_stops(pitted)),
        fights=tuple(fights),
        passes=tuple(passes),
        heat=await queries.heat(begin, end),
        codes={row.car: row.code for row in entries},
    )


class _Queries:
    """Runs the queries about one race."""

    def __init__(self, connection: AsyncConnection, race: RaceSummary) -> None:
        self._connection = connection
        self._race = race
        self._is_sqlite = connection.dialect.name == "sqlite"

    async def rows(self, statement: str, *instants: str) -> Sequence[Any]:
        query = text(statement).columns(**{name: Instant() for name in instants})
        return (await self._connection.execute(query, {"number": self._race.number})).all()

    async def fights(self) -> Sequence[Any]:
        pause = "10000000" if self._is_sqlite else "interval '10 seconds'"
        query = text(_FIGHTS.format(pause=pause, **_OUTCOMES)).columns(
            since=Instant(), until=Instant(), passed_at=Instant()
        )
        return (await self._connection.execute(query, {"race_id": self._race.id})).all()

    async def heat(self, begins: datetime, ends: datetime) -> tuple[float, ...]:
        width_s = max((ends - begins).total_seconds() / PARTS, 1e-6)
        if self._is_sqlite:
            part = "CAST((made_at - :begins) / (:width_s * 1e6) AS INTEGER)"
        else:
            part = "CAST(floor(extract(epoch FROM made_at - :begins) / :width_s) AS integer)"
        query = text(_HEAT.format(part=part, **_WEIGHTS)).bindparams(
            bindparam("begins", type_=Instant())
        )
        values = {"race_id": self._race.id, "begins": begins, "width_s": width_s}
        heat = [0.0] * PARTS
        for row in await self._connection.execute(query, values):
            place = min(max(row.part, 0), PARTS - 1)
            heat[place] = max(heat[place], round(float(row.heat), 3))
        return tuple(heat)


def _flags(
    statuses: Sequence[Any], phases: Sequence[tuple[datetime, str]], ends: datetime
) -> list[Span]:
    """Return the periods in which the track was not clear or the race was stopped, in order."""
    tracks = [(row.at, row.value) for row in statuses if row.kind == "track"]
    over = next((at for at, phase in phases if phase == Phase.FINISHED), ends)
    return sorted(
        [
            *_spans(tracks, over, lambda value: value != TrackStatus.CLEAR),
            *_spans(phases, over, lambda value: value == Phase.ABORTED),
        ],
        key=lambda span: span.since,
    )


def _spans(
    values: Sequence[tuple[datetime, str]],
    ends: datetime,
    is_wanted: Any,  # noqa: ANN401
) -> Iterator[Span]:
    for (since, value), (until, _) in pairwise([*values, (ends, "")]):
        if is_wanted(value) and until > since:
            yield Span(value, since, until)


def _stops(pitted: Sequence[Any]) -> list[Stop]:
    """Return one stop for consecutive pit laps, because in-lap and out-lap both touch the pits."""
    stops, before = [], (0, 0)
    for row in pitted:
        if (row.car, row.lap - 1) != before:
            stops.append(Stop(row.at, row.car, row.lap))
        before = (row.car, row.lap)
    return sorted(stops, key=lambda stop: stop.at)


def _fight(row: Any, cars: Mapping[str, int]) -> Fight:  # noqa: ANN401  a row of _FIGHTS
    is_false_alarm = (row.p_before_none or 0.0) >= CALLED and (row.p_before_pass or 0.0) < CALLED
    return Fight(
        cars.get(row.attacker_id, 0),
        cars.get(row.defender_id, 0),
        row.since,
        row.until,
        row.most_p,
        row.p_before_pass,
        is_false_alarm,
    )


def _passes(rows: Sequence[Any], fights: Sequence[Fight]) -> Iterator[Pass]:
    """Yield the passes that were told and stood, each with the forecasts of its battle."""
    by_pair: dict[tuple[int, int], list[Fight]] = {}
    for fight in fights:
        by_pair.setdefault((fight.attacker, fight.defender), []).append(fight)
    for row in rows:
        fight_before = _under_way(by_pair.get((row.attacker, row.defender), []), row.at)
        p_before = None if fight_before is None else fight_before.p_before_pass
        yield Pass(row.at, row.attacker, row.defender, row.position, p_before)


def _passes_by_outcome(rows: Sequence[Any], fights: Sequence[Fight]) -> Iterator[Pass]:
    """Yield the battles whose last forecasts came true, as passes at their end."""
    for row, fight in zip(rows, fights, strict=True):
        if fight.p_before_pass is not None and row.passed_at == fight.until:
            ended = fight.until, fight.attacker, fight.defender
            yield Pass(*ended, row.position, fight.p_before_pass)


def _under_way(fights: Sequence[Fight], at: datetime) -> Fight | None:
    place = bisect.bisect_right(fights, at, key=lambda fight: fight.since) - 1
    if place >= 0 and at - fights[place].until <= _JUST_BEFORE:
        return fights[place]
    return None
