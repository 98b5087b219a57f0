"""Build rows of simulated races: features, forecasts, outcomes, and the truth behind them.

A row is a battle at the line, by the rules of the fixed evaluation rows and read as `ml.dataset`
reads a real race, or (`kind` is `moment`) a battle that a live page shows, every `EVERY_S`. Every
row has the features, the shipped model's forecast, that of the gap alone, and what only the
simulator knows: both batteries, who has Overtake Mode, what the wake cost the attacker.
"""

from __future__ import annotations

import bisect
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.replay import RaceStory
from ml.timeline import HOLD, PASS, Timeline
from pitwall.domain.battles import Battle, follow_battles
from pitwall.domain.events import CarTimed
from pitwall.domain.race import RaceState
from pitwall.feeds.simulated import RaceSetup, SimulatedFeed, Truth
from pitwall.feeds.simulated.truth import MOST_GAP_S, LineBattle, line_battles
from pitwall.prediction.columns.spec import Rows
from pitwall.prediction.conditions import condition, refusal
from pitwall.prediction.features import feature_names
from pitwall.prediction.gap_only import gap_only
from pitwall.prediction.memory import NO_MEMORY, Memory, at_the_line, noted
from pitwall.prediction.predictor import MixturePredictor
from pitwall.prediction.situation import lap_duration_s
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

EVERY_S: Final = 60
PARTS: Final = ("c_base", "c_om", "c_boost", "c_aero")
TRUE: Final = ("true_charge_diff_mj", "true_mode", "true_mode_diff", "true_wake_s")
_OLDEST: Final = timedelta(seconds=10)
_AFTER_S: Final = 2  # a second is settled when its messages, at most a second late, have come

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the model says of n battles of one instant.

    Attributes:
        features: Shape (n, n_features).
        p_overtake: Shape (n,).
        parts: The parts of the logits in order of `PARTS`, as on the card, shape (n, 4).
    """

    features: Rows
    p_overtake: Array
    parts: Array


class Judge:
    """A predictor in one race, with its memory of that race; for one pass in order of time."""

    def __init__(self, predictor: MixturePredictor) -> None:
        self._predictor = predictor.for_playback()
        self._memory: Memory = NO_MEMORY

    def judge(self, race: RaceState, battles: Sequence[Battle]) -> Judged:
        """Return what the model says of battles, and remember those at the line."""
        features, residuals = self._predictor.rows(race, battles, self._memory)
        opinions = self._predictor.mixture.opinions(features, residuals)
        noting = [None if refusal(race, b) else at_the_line(race, b) for b in battles]
        self._memory = noted(self._memory, noting, opinions.p_plain.tolist())
        parts = np.column_stack([opinions.base, opinions.contributions])
        return Judged(features, opinions.p_overtake, parts)


@dataclass(frozen=True, slots=True)
class _CarTruth:
    """What is true of one car, loop by loop."""

    at_s: list[float]
    battery_mj: list[float]
    mode: list[bool]
    wake_s: list[float]  # lost so far in the race

    def newest(self, at_s: float) -> int:
        """Return the place of the newest loop passed by then, 0 at the earliest."""
        return max(0, bisect.bisect_right(self.at_s, at_s) - 1)


class KnownTruth:
    """What only the simulator knows of a battle at an instant."""

    def __init__(self, truth: Truth) -> None:
        self._lap_s = truth.setup.shape.lap_s
        loops = defaultdict(list)
        for passed in truth.loops_passed:
            loops[passed.number].append(passed)
        self._cars = {
            number: _CarTruth(
                [one.at_s for one in all_of],
                [one.battery_mj for one in all_of],
                [one.mode for one in all_of],
                np.cumsum([one.wake_s for one in all_of]).tolist(),
            )
            for number, all_of in loops.items()
        }

    def of(self, battle: Battle, at_s: float) -> tuple[float, ...]:
        """Return the values of `TRUE`: the wake's loss is that of the last lap."""
        attacker, defender = self._cars[battle.attacker], self._cars[battle.defender]
        a, d = attacker.newest(at_s), defender.newest(at_s)
        before = attacker.newest(at_s - self._lap_s)
        return (
            attacker.battery_mj[a] - defender.battery_mj[d],
            float(attacker.mode[a]),
            float(attacker.mode[a]) - float(defender.mode[d]),
            attacker.wake_s[a] - attacker.wake_s[before],
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """One row: its battle, its instant in seconds since lights out, and its outcome."""

    kind: str
    battle: Battle
    at_s: float
    lap: int
    horizon_s: float
    outcome: str


def simulated_rows(
    seed: int, predictor: MixturePredictor, *, laps: int | None = None, every_s: int = EVERY_S
) -> pd.DataFrame:
    """Return the rows of one simulated race; `y1` is 1 for a pass, 0 for a hold, else NaN."""
    feed = SimulatedFeed(seed, laps=laps, telemetry=False)
    truth = feed.truth()
    messages = list(feed.messages())
    story, judge, known = RaceStory(messages), Judge(predictor), KnownTruth(truth)
    lines = deque(_at_line(truth, _reports(messages, feed.setup)))
    # By the rules of the moments, unlike at the line, a yellow flag interrupts nothing.
    timeline = Timeline(
        is_neutral=lambda race: not race.track_status.allows_overtaking,
        is_in_lane=lambda car: car.in_pit,
    )
    asked: list[_Asked] = []
    told: list[list[object]] = []
    features: list[Rows] = []

    def ask(race: RaceState, rows: list[_Asked]) -> None:
        rows = [one for one in rows if not refusal(race, one.battle)]
        if rows:
            said = judge.judge(race, [one.battle for one in rows])
            asked.extend(rows)
            features.append(said.features)
            told.extend(
                [
                    *(str(condition(race, one.battle)), p, gap_only(float(matrix[0])), *parts),
                    *known.of(one.battle, one.at_s),
                ]
                for one, p, matrix, parts in zip(
                    rows, said.p_overtake.tolist(), said.features, said.parts.tolist(), strict=True
                )
            )

    battles: tuple[Battle, ...] = ()
    for second in range(int(truth.finished_at_s) + _AFTER_S):
        while lines and lines[0].at_s <= second:
            one = lines.popleft()
            cars = (one.battle.defender, one.battle.attacker)
            ask(story.at_crossing(_instant(feed.setup, one.at_s), one.lap, cars), [one])
        race = story.at(_instant(feed.setup, second))
        timeline.note(race)
        battles, _ = follow_battles(race, battles)
        if second % every_s == 0:
            ask(race, [_moment(race, one, second) for one in battles if _is_near(race, one)])
    table = pd.DataFrame([_row(seed, one, timeline) for one in asked], columns=list(_ASKED))
    answers = pd.DataFrame(told, columns=list(_TOLD))
    columns = pd.DataFrame(np.concatenate(features), columns=list(feature_names()))
    return pd.concat([table, answers, columns], axis=1)


_ASKED: Final = (
    *("kind", "seed", "row_lap", "at_s", "attacker", "defender", "gap_s", "outcome", "y1"),
)
_TOLD: Final = ("condition", "p_overtake", "p_gap", *PARTS, *TRUE)


def _row(seed: int, one: _Asked, timeline: Timeline) -> tuple[object, ...]:
    battle = one.battle
    outcome = one.outcome or timeline.outcome(
        battle.attacker, battle.defender, round(one.at_s), round(one.horizon_s)
    )
    y = {PASS: 1.0, HOLD: 0.0}.get(outcome, np.nan)
    cars = (int(battle.attacker), int(battle.defender))
    return (one.kind, seed, one.lap, one.at_s, *cars, battle.interval_s, outcome, y)


def _instant(setup: RaceSetup, at_s: float) -> datetime:
    return setup.lights_out_at + timedelta(seconds=at_s)


def _reports(messages: Sequence[RawMessage], setup: RaceSetup) -> dict[tuple[int, int], float]:
    """Return when the feed reported each crossing of the line, by car and lap.

    The rows of real races begin then: a crossing before its report is known to nobody.
    """
    return {
        (event.number, event.laps_completed): (event.sent_at - setup.lights_out_at).total_seconds()
        for message in messages
        if b"NumberOfLaps" in message.body
        for event in decode(message).events
        if isinstance(event, CarTimed) and event.laps_completed
    }


def _at_line(truth: Truth, reports: dict[tuple[int, int], float]) -> list[_Asked]:
    """Return the battles at the line in order of time, by the rules of the fixed rows."""
    places = {(done.number, done.lap): done.position for done in truth.laps_done}
    rows = [
        _line_row(truth, one, places[one.attacker, one.lap], reports) for one in line_battles(truth)
    ]
    return sorted(rows, key=lambda one: one.at_s)


def _line_row(
    truth: Truth, one: LineBattle, position: int, reports: dict[tuple[int, int], float]
) -> _Asked:
    """Return the row of a battle at the line; its gap is that of the reports, as in the archive."""
    at_s = reports[one.attacker, one.lap]
    gap_s = max(0.001, round(at_s - reports[one.defender, one.lap], 3))
    at = _instant(truth.setup, at_s)
    battle = Battle(
        attacker=one.attacker,
        defender=one.defender,
        position=position - 1,
        interval_s=gap_s,
        interval_at=at,
        opened_at=at,
        opened_lap=one.lap,
    )
    return _Asked("line", battle, at_s, one.lap, 0.0, one.outcome)


def _is_near(race: RaceState, battle: Battle) -> bool:
    """Return whether a battle on the page is one of the fixed moments: near, and of late."""
    return battle.interval_s < MOST_GAP_S and race.as_of - battle.interval_at <= _OLDEST


def _moment(race: RaceState, battle: Battle, second: int) -> _Asked:
    attacker = race.cars[battle.attacker]
    horizon_s = lap_duration_s(attacker)
    return _Asked("moment", battle, float(second), attacker.laps_completed, horizon_s, "")
