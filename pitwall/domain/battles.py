"""Find battles, in which a car is close enough behind another to attack it, and follow them.

Place in the data flow:  feeds -> race state -> BATTLES -> features -> prediction -> page
The functions are pure: the same race state and earlier battles always give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from pitwall.domain.crossings import was_told_late
from pitwall.domain.gaps import LapsDown, LeaderLap, NoGap, TimeGap
from pitwall.domain.race import CarState, DriverNumber, GapSample, Phase, RaceState

_GAPS_APART_S = 6.0  # nine in ten updates of a car's timing line follow within six seconds

_CROSSING_NEWER = timedelta(seconds=2)


class EndReason(StrEnum):
    """Why a battle ended."""

    PASSED = "passed"  # the attacker is ahead, on the track
    DROPPED_BACK = "dropped_back"  # the interval grew beyond the limit
    SEPARATED = "separated"  # another car came between, or a place was lost elsewhere
    PITTED = "pitted"  # one of the two went to the pits
    RETIRED = "retired"  # one of the two retired or stopped
    NEUTRALISED = "neutralised"  # safety car, virtual safety car or red flag
    FINISHED = "finished"  # the chequered flag


@dataclass(frozen=True, slots=True)
class Battle:
    """One attacker behind one defender.

    Attributes:
        attacker: The car behind.
        defender: The car directly ahead, whose place is at stake.
        position: The defender's position; 1 is the lead.
        interval_s: Seconds from defender to attacker, the newest that the feed gives. This is the
            number shown, stored and entered in the ledger; `gap_at_line_s` is another quantity.
        interval_at: When that interval was measured, UTC.
        opened_at: When this pair's battle began, UTC.
        opened_lap: Laps the attacker had completed then.
    """

    attacker: DriverNumber
    defender: DriverNumber
    position: int
    interval_s: float
    interval_at: datetime
    opened_at: datetime
    opened_lap: int

    @property
    def is_fading(self) -> bool:
        """Whether it is only kept open against flicker: at this interval it would not open."""
        return self.interval_s >= DEFAULT_RULES.opens_below_s


@dataclass(frozen=True, slots=True)
class EndedBattle:
    """The last state of a battle that is over, and why it ended."""

    battle: Battle
    reason: EndReason
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class BattleRules:
    """When a battle opens and closes.

    There are two limits so that a battle does not flicker on the page while its interval
    hovers at one of them.

    Attributes:
        opens_below_s: A battle opens strictly below this interval.
        closes_beyond_s: An open battle closes strictly above this interval.
        first_lap: No battle opens before the leader is on this lap: on lap one every car is
            close to the next, and the gaps mean nothing.
        forgets_after_s: How long an open battle stays open on its last interval when the feed
            gives no newer one.

    Raises:
        ValueError: The two limits are not 0 < opens <= closes.
    """

    opens_below_s: float = 2.0
    closes_beyond_s: float = 2.5
    first_lap: int = 2
    forgets_after_s: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.opens_below_s <= self.closes_beyond_s:
            message = (
                "battle limits must satisfy 0 < opens_below_s <= closes_beyond_s, "
                f"were {self.opens_below_s} and {self.closes_beyond_s}"
            )
            raise ValueError(message)


DEFAULT_RULES = BattleRules()


def follow_battles(
    race: RaceState,
    previous: Iterable[Battle] = (),
    rules: BattleRules = DEFAULT_RULES,
) -> tuple[tuple[Battle, ...], tuple[EndedBattle, ...]]:
    """Return the battles under way, front of the field first, and those that just ended.

    A pair that is in `previous` keeps its `opened_at`. Calling again with the same race
    and the battles that were returned changes nothing.

    Args:
        race: The field at this instant.
        previous: The battles that this function returned for the instant before.
        rules: The limits at which battles open and close.

    Example:
        >>> from datetime import UTC
        >>> from pitwall.domain.gaps import TimeGap
        >>> from pitwall.domain.race import CarState, Phase
        >>> now = datetime(2025, 7, 6, 14, tzinfo=UTC)
        >>> leader = CarState(DriverNumber(4), position=1)
        >>> chaser = CarState(DriverNumber(81), position=2, interval=TimeGap(0.7), interval_at=now)
        >>> cars = {leader.number: leader, chaser.number: chaser}
        >>> battles, ended = follow_battles(RaceState(now, phase=Phase.STARTED, lap=5, cars=cars))
        >>> [(b.attacker, b.defender, b.interval_s) for b in battles], ended
        ([(81, 4, 0.7)], ())
    """
    before = {(battle.attacker, battle.defender): battle for battle in previous}
    now = {(b.attacker, b.defender): b for b in _under_way(race, before, rules)}
    ended = tuple(
        EndedBattle(battle, why_over(race, battle, rules), race.as_of)
        for pair, battle in before.items()
        if pair not in now
    )
    return tuple(now.values()), ended


def end_without_cars(
    race: RaceState, battles: tuple[Battle, ...]
) -> tuple[tuple[Battle, ...], tuple[EndedBattle, ...]]:
    """Return the battles whose two cars are both in the order, and the others as ended.

    The feed may delete a car, or begin another race, between two instants at which battles are
    followed. A reader in between must still find both cars of every battle.
    """
    remaining = tuple(battle for battle in battles if _is_placed(race, battle))
    ended = tuple(
        EndedBattle(battle, why_over(race, battle), race.as_of)
        for battle in battles
        if battle not in remaining
    )
    return remaining, ended


def _is_placed(race: RaceState, battle: Battle) -> bool:
    cars = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    return all(car is not None and car.position is not None for car in cars)


def interval_between(ahead: CarState, behind: CarState) -> tuple[float, datetime] | None:
    """Return the seconds from `ahead` to `behind` and when that was measured.

    The feed's interval counts only if the two cars are one place apart and it was sent after
    both took their places: otherwise it was measured against another car. Without it, the
    difference of the two gaps to the leader is used; it does not depend on the order of updates.
    None when the car is lapped, the interval is unknown, or the gaps contradict the order.
    """
    neighbours = (behind.position or 0) - (ahead.position or 0) == 1
    fresh_since = max(ahead.position_at, behind.position_at)
    if neighbours and behind.interval_at is not None and behind.interval_at >= fresh_since:
        if isinstance(behind.interval, TimeGap):
            return behind.interval.seconds, behind.interval_at
        return None
    return _difference_of_gaps(ahead, behind)


def gap_at_line_s(ahead: CarState, behind: CarState, interval_at: datetime) -> float | None:
    """Return the seconds between the last line crossings of two cars, if newer than the interval.

    Both must have completed the same lap, and the later crossing must be more than two seconds
    newer than the interval, which was measured at `interval_at`; otherwise return None. An interval
    from the line is the better of the two: it is exact, while a crossing is reported some
    hundredths late. One that was told seconds late says nothing.
    """
    if not (ahead.laps and behind.laps):
        return None
    front, back = ahead.laps[-1], behind.laps[-1]
    if front.lap_number != back.lap_number or back.completed_at <= front.completed_at:
        return None
    if back.completed_at - interval_at <= _CROSSING_NEWER:
        return None
    if was_told_late(ahead.laps) or was_told_late(behind.laps):
        return None
    return (back.completed_at - front.completed_at).total_seconds()


def _difference_of_gaps(ahead: CarState, behind: CarState) -> tuple[float, datetime] | None:
    if not behind.trace:
        return None
    back = behind.trace[-1]
    # The leader's gap is zero even when the feed does not send its timing line.
    leads = isinstance(ahead.gap_to_leader, LeaderLap)
    front = GapSample(back.at, 0.0, None) if leads else _newest(ahead.trace)
    if front is None or front.gap_to_leader_s is None or back.gap_to_leader_s is None:
        return None
    difference = back.gap_to_leader_s - front.gap_to_leader_s
    if difference < 0 or abs((back.at - front.at).total_seconds()) > _GAPS_APART_S:
        return None
    return difference, min(front.at, back.at)


def _newest(trace: tuple[GapSample, ...]) -> GapSample | None:
    return trace[-1] if trace else None


def _under_way(
    race: RaceState, before: Mapping[tuple[DriverNumber, DriverNumber], Battle], rules: BattleRules
) -> Iterator[Battle]:
    if not _racing(race) or race.lap < rules.first_lap:
        return
    running = [car for car in race.in_order() if car.is_running]
    for ahead, behind in pairwise(running):
        if ahead.in_pit or behind.in_pit:
            continue
        old = before.get((behind.number, ahead.number))
        measured = interval_between(ahead, behind)
        if measured is None:
            if old is None or _lapped(behind) or _is_taken_back(behind, old):
                continue
            measured = (old.interval_s, old.interval_at)
        interval_s, interval_at = measured
        limit_ok = (
            interval_s < rules.opens_below_s if old is None else interval_s <= rules.closes_beyond_s
        )
        if limit_ok and (race.as_of - interval_at).total_seconds() <= rules.forgets_after_s:
            yield Battle(
                attacker=behind.number,
                defender=ahead.number,
                position=ahead.position or 0,
                interval_s=interval_s,
                interval_at=interval_at,
                opened_at=old.opened_at if old else race.as_of,
                opened_lap=old.opened_lap if old else behind.laps_completed,
            )


def why_over(race: RaceState, battle: Battle, rules: BattleRules = DEFAULT_RULES) -> EndReason:
    """Return why a battle that is not under way is over, as it looks at this instant.

    The first cause that applies counts; what forbids racing counts before who is ahead.
    `domain.endings` judges the same with hindsight.
    """
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    if race.phase.is_over:
        return EndReason.FINISHED
    if attacker is None or defender is None or not (attacker.is_running and defender.is_running):
        return EndReason.RETIRED
    if attacker.position is None or defender.position is None:  # deleted, and listed again
        return EndReason.RETIRED
    if attacker.in_pit or defender.in_pit:
        return EndReason.PITTED
    if not _racing(race):
        return EndReason.NEUTRALISED
    return _how_it_ended_on_track(attacker, defender, rules)


def is_ahead(race: RaceState, battle: Battle) -> bool:
    """Whether the attacker is now ahead of the defender in the running order."""
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    return attacker is not None and defender is not None and _is_placed_ahead(attacker, defender)


def _is_placed_ahead(one: CarState, other: CarState) -> bool:
    """Whether one car is ahead of another in the order of `RaceState.in_order`."""
    if one.position is None or other.position is None:
        return False
    return (one.position, one.position_at) < (other.position, other.position_at)


def _how_it_ended_on_track(attacker: CarState, defender: CarState, rules: BattleRules) -> EndReason:
    if _is_placed_ahead(attacker, defender):
        return EndReason.PASSED
    measured = interval_between(defender, attacker)
    if measured is not None and measured[0] > rules.closes_beyond_s:
        return EndReason.DROPPED_BACK
    return EndReason.SEPARATED


def _racing(race: RaceState) -> bool:
    on = race.phase is Phase.STARTED and race.track_status.allows_overtaking
    return on and race.timed is None  # nobody races for position in qualifying or practice


def _is_taken_back(behind: CarState, old: Battle) -> bool:
    """Whether the feed has cleared the interval since the one that the battle lives on."""
    cleared_at = behind.interval_at
    return isinstance(behind.interval, NoGap) and (cleared_at or old.interval_at) > old.interval_at


def _lapped(car: CarState) -> bool:
    return isinstance(car.interval, LapsDown)


OF_CHANCE: Final = 0.75

OF_CLOSENESS: Final = 0.25

CLOSE_BELOW_S: Final = DEFAULT_RULES.closes_beyond_s


def heat(p_overtake: float | None, interval_s: float) -> float:
    """Return how interesting a battle is to watch, in [0, 1].

    `store.timeline` computes the same in SQL, from the same three constants.
    """
    closeness = min(1.0, max(0.0, 1 - interval_s / CLOSE_BELOW_S))
    return OF_CHANCE * (p_overtake or 0.0) + OF_CLOSENESS * closeness
