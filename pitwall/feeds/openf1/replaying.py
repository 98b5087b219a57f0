"""Rewrite a session that is over as the messages F1 would have sent, each when it was known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pitwall.feeds.openf1 import laps, stops
from pitwall.feeds.openf1.control import phase_of, say_control
from pitwall.feeds.openf1.described import say_drivers, say_session
from pitwall.feeds.openf1.measured import message, say_measured
from pitwall.feeds.openf1.rows import Row, by_car, count_of, instant_of
from pitwall.feeds.recording.contents import topic_rank
from pitwall.wire.message import RawMessage

# Race control stamps whole seconds, and is heard up to 0.7 s later: then it is surely known.
_CONTROL_DELAY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Session:
    """The rows of a session by endpoint, without telemetry.

    Attributes:
        described: Its row of `sessions`.
        meeting: Its row of `meetings`; {} when there is none.
    """

    described: Row
    meeting: Row = field(default_factory=dict)
    rows: Mapping[str, list[Row]] = field(default_factory=dict)

    def of(self, endpoint: str) -> list[Row]:
        """Return the rows of an endpoint."""
        return self.rows.get(endpoint, [])


def span_of(session: Session) -> tuple[datetime, datetime]:
    """Return when the session was started and finished, by race control, else as announced."""
    begun, ended = (instant_of(session.described, f"date_{end}") for end in ("start", "end"))
    for row in session.of("race_control"):
        phase, at = phase_of(row), instant_of(row)
        if phase == "Finished" and at is not None:
            ended = at
    started = started_at(session)
    begun = started or begun or _first_instant(session)
    return begun, max(begun, ended or begun)


def started_at(session: Session) -> datetime | None:
    """Return when race control started the session; None when it is not told."""
    starts = (
        at for r in session.of("race_control") if phase_of(r) == "Started" and (at := instant_of(r))
    )
    return min(starts, default=None)


def say_session_as_it_was(session: Session) -> Iterator[RawMessage]:
    """Yield everything but telemetry, in order of `sent_at`."""
    said = list(_say(session))
    said.sort(key=lambda one: (one.sent_at, topic_rank(one.topic)))
    yield from said


def _say(session: Session) -> Iterator[RawMessage]:
    first = _first_instant(session)
    for described in (
        say_session(first, session.described, session.meeting),
        say_drivers(first, session.of("drivers")),
    ):
        yield from [described] if described is not None else []
    control = sorted(session.of("race_control"), key=lambda row: str(instant_of(row)))
    for one in say_control(control, len(control)):
        delay = _CONTROL_DELAY if one.sent_at.microsecond == 0 else timedelta(0)
        yield RawMessage(one.sent_at + delay, one.topic, one.body)
    for endpoint in ("position", "intervals", "weather"):
        for row in session.of(endpoint):
            measured = say_measured(endpoint, row)
            yield from [measured] if measured is not None else []
    yield from _say_grid(session)
    yield from _say_cars(session, first)


def _say_grid(session: Session) -> Iterator[RawMessage]:
    """Yield grid places: the last order before the start, in a race the grid."""
    start = started_at(session)
    if start is None:
        return
    places: dict[str, dict[str, str]] = {}
    known_at = None
    for row in sorted(session.of("position"), key=lambda row: str(instant_of(row))):
        at, car, place = instant_of(row), count_of(row, "driver_number"), count_of(row, "position")
        if at is not None and at < start and car and place:
            places[str(car)], known_at = {"GridPos": str(place)}, at
    if known_at is not None:
        yield message(known_at, "TimingAppData", {"Lines": places})


def _say_cars(session: Session, first: datetime) -> Iterator[RawMessage]:
    of_laps, of_stints, of_pit = (by_car(session.of(n)) for n in ("laps", "stints", "pit"))
    start = started_at(session) or first
    for car in sorted(of_laps.keys() | of_stints.keys() | of_pit.keys()):
        rows, pits = laps.in_order(of_laps.get(car, [])), stops.in_order(of_pit.get(car, []))
        yield from laps.say_laps(car, rows)
        yield from stops.say_stops_as_they_were(car, pits)
        yield from _say_tyres(car, of_stints.get(car, []), _Known(start, rows, pits))


class _Known:
    """When something that a row tells by its lap was known.

    Args:
        start: Of the session.
        rows: Of `laps`, of one car in order.
        pits: Of the car's stops, in order.
    """

    def __init__(self, start: datetime, rows: list[Row], pits: list[Row]) -> None:
        self.crossings = sorted(laps.crossings(rows))
        self._start = start
        self._out = {count_of(row, "lap_number"): instant_of(row) for row in pits}

    def fitted_at(self, lap: int) -> datetime | None:
        """Return when tyres were fitted on which a lap was begun; None when nothing tells.

        That is the exit after the lap before; without a stop, as at a restart, the line.
        """
        if lap <= 1:
            return self._start
        return self._out.get(lap - 1) or self.completed_at(lap - 1)

    def completed_at(self, lap: int) -> datetime | None:
        """Return when a lap was completed; None when nothing tells."""
        index = bisect_right(self.crossings, lap, key=lambda crossing: crossing[0]) - 1
        if index < 0 or self.crossings[index][0] != lap:
            return None
        return self.crossings[index][1]


def _say_tyres(car: int, rows: list[Row], known: _Known) -> Iterator[RawMessage]:
    """Yield each set when it was fitted, and its age at the end of every lap on it."""
    for row in sorted(rows, key=stops.stint_number):
        start, end = count_of(row, "lap_start"), count_of(row, "lap_end")
        if start is None:
            continue
        fitted_at = known.fitted_at(start)
        if fitted_at is None:
            continue
        age = count_of(row, "tyre_age_at_start")
        said = stops.say_stint(fitted_at, car, row, age)
        yield from [said] if said is not None else []
        for lap in range(start, (end or start) + 1):
            at, life = known.completed_at(lap), stops.tyre_life_laps(row, lap)
            if at is not None and at >= fitted_at and life is not None:
                stint = {"Stints": {str(stops.stint_number(row) - 1): {"TotalLaps": life}}}
                yield message(at, "TimingAppData", {"Lines": {str(car): stint}})


def _first_instant(session: Session) -> datetime:
    instants = [
        at
        for endpoint in ("position", "intervals", "race_control")
        for row in session.of(endpoint)
        if (at := instant_of(row)) is not None
    ]
    announced = instant_of(session.described, "date_start")
    return min([*instants, *([announced] if announced else [])])
