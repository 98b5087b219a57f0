"""Build rows of simulated races: features, forecasts, outcomes, and the truth behind them.

A row is a battle at the line, by the rules of the fixed evaluation rows and read as `ml.dataset`
reads a real race, or (`kind` is `moment`) a battle that a live page shows, every `EVERY_S`. Every
row has the features, the shipped model's forecast, that of the gap alone, and what only the
simulator knows: both batteries, who has Overtake Mode, what the wake cost the attacker.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Sequence
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
from pitwall.feeds.simulated.truth import LineBattle, line_battles
from pitwall.prediction.columns.spec import Rows
from pitwall.prediction.explanations import Explainer
from pitwall.prediction.features import feature_names
from pitwall.prediction.forecast import why_no_forecast
from pitwall.prediction.gap_only import gap_only
from pitwall.prediction.memory import NO_MEMORY, Memory, at_the_line, noted
from pitwall.prediction.mixture import Gated
from pitwall.prediction.predictor import MixturePredictor
from pitwall.prediction.reasons import topic_of
from pitwall.prediction.situation import lap_duration_s
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

EVERY_S: Final = 20
PARTS: Final = ("c_base", "c_om", "c_boost", "c_aero")
TRUE: Final = ("true_charge_diff_mj", "true_mode", "true_mode_diff", "true_wake_s")
_SECOND: Final = timedelta(seconds=1)
_AFTER_S: Final = 2  # a second is settled when its messages, at most a second late, have come

Array = npt.NDArray[np.float64]

# Returns the signed parts of the logits of n battles, shape (n, 4), in order of `PARTS`.
Contributions = Callable[[RaceState, Sequence[Battle]], Array]

_EXPERT_OF_TOPIC: Final = {
    **dict.fromkeys(("enabled", "stuck"), "c_om"),
    **dict.fromkeys(("speed", "energy"), "c_boost"),
    **dict.fromkeys(("sectors", "tyres", "weather"), "c_aero"),
}


class Judge:
    """A predictor in one race, with its memory of that race; for one pass in order of time."""

    def __init__(self, predictor: MixturePredictor) -> None:
        self._predictor = predictor.for_playback()
        self._explainer = Explainer(
            self._predictor.mixture, [topic_of(name) for name in feature_names()]
        )
        self._memory: Memory = NO_MEMORY

    def rows(self, race: RaceState, battles: Sequence[Battle]) -> tuple[Rows, Array, Array]:
        """Return features, forecasts and contributions of battles, and remember those at the line.

        Shapes are (n, n_features), (n,) and (n, 4).
        """
        features, residuals = self._predictor.rows(race, battles, self._memory)
        gated = self._predictor.mixture.walked(features, residuals)
        opinions = self._predictor.mixture.opinions(features, residuals, gated)
        noting = [None if why_no_forecast(race, b) else at_the_line(race, b) for b in battles]
        self._memory = noted(self._memory, noting, opinions.p_plain.tolist())
        return features, opinions.p_overtake, self._parts(features, residuals, gated)

    def contributions(self, race: RaceState, battles: Sequence[Battle]) -> Array:
        """Return the parts of the logits of battles, shape (n, 4); see `Contributions`."""
        features, residuals = self._predictor.rows(race, battles, self._memory)
        return self._parts(features, residuals, self._predictor.mixture.walked(features, residuals))

    def _parts(self, features: Rows, residuals: Array, gated: Gated) -> Array:
        """Return credits of topics, given to the expert that a topic belongs to; else to the base.

        The experts of this bundle all see most topics, so an expert's own logit tells nothing.
        """
        found = self._explainer.contributions(features, residuals, gated)
        parts = np.zeros((len(features), len(PARTS)))
        parts[:, 0] = found.base + found.residuals.sum(axis=1)
        for topic, credit in zip(self._explainer.topics, found.topics.T, strict=True):
            parts[:, PARTS.index(_EXPERT_OF_TOPIC.get(topic, "c_base"))] += credit
        return parts


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
    outcome: str
    answerable: bool


def simulated_rows(
    seed: int, predictor: MixturePredictor, *, laps: int | None = None, every_s: int = EVERY_S
) -> pd.DataFrame:
    """Return the rows of one simulated race; `y1` is 1 for a pass, 0 for a hold, else NaN."""
    feed = SimulatedFeed(seed, laps=laps, telemetry=False)
    truth = feed.truth()
    messages = list(feed.messages())
    moments = _moments(RaceStory(messages), feed.setup, truth, every_s)
    asked = sorted(
        [*_at_line(truth, _reports(messages, feed.setup)), *moments],
        key=lambda one: (one.at_s, one.kind),
    )
    story, judge, known = RaceStory(messages), Judge(predictor), KnownTruth(truth)
    features: list[Rows] = []
    told: list[list[object]] = []
    for one in asked:
        at = _instant(feed.setup, one.at_s)
        cars = (one.battle.defender, one.battle.attacker)
        race = story.at_crossing(at, one.lap, cars) if one.kind == "line" else story.at(at)
        answerable = one.answerable and not why_no_forecast(race, one.battle)
        matrix, p, parts = judge.rows(race, [one.battle])
        features.append(matrix)
        told.append([
            one.kind, seed, one.lap, one.at_s, int(one.battle.attacker), int(one.battle.defender),
            one.battle.interval_s, one.outcome, {PASS: 1.0, HOLD: 0.0}.get(one.outcome, np.nan),
            answerable, float(p[0]), gap_only(float(matrix[0, 0])), *parts[0].tolist(),
            *known.of(one.battle, one.at_s),
        ])  # fmt: skip
    names = ("kind", "seed", "row_lap", "at_s", "attacker", "defender", "gap_s", "outcome", "y1",
             "answerable", "p_overtake", "p_gap", *PARTS, *TRUE)  # fmt: skip
    table = pd.DataFrame(told, columns=list(names))
    return table.join(pd.DataFrame(np.concatenate(features), columns=list(feature_names())))


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
    places = {(done.number, done.lap): done.position for done in truth.laps_done}
    return [
        _line_row(truth, one, places[one.attacker, one.lap], reports) for one in line_battles(truth)
    ]


def _line_row(
    truth: Truth, one: LineBattle, position: int, reports: dict[tuple[int, int], float]
) -> _Asked:
    """Return the row of a battle at the line; its gap is that of the reports, as in the archive."""
    at_s = reports[one.attacker, one.lap]
    gap_s = max(0.001, at_s - reports[one.defender, one.lap])
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
    return _Asked("line", battle, at_s, one.lap, one.outcome, answerable=True)


def _moments(story: RaceStory, setup: RaceSetup, truth: Truth, every_s: int) -> list[_Asked]:
    """Return the battles that have a forecast, every `every_s`, with how they come out."""
    timeline = Timeline()
    battles: tuple[Battle, ...] = ()
    pending: list[tuple[Battle, int, float, int]] = []
    for second in range(int(truth.finished_at_s) + _AFTER_S):
        race = story.at(_instant(setup, second))
        timeline.note(race)
        battles, _ = follow_battles(race, battles)
        if second % every_s:
            continue
        for battle in battles:
            if not why_no_forecast(race, battle):
                attacker = race.cars[battle.attacker]
                lap_s = lap_duration_s(attacker)
                pending.append((battle, second, lap_s, attacker.laps_completed))
    return [
        _Asked(
            "moment",
            battle,
            float(second),
            lap,
            timeline.outcome(battle.attacker, battle.defender, second, round(lap_s)),
            answerable=True,
        )
        for battle, second, lap_s, lap in pending
    ]
