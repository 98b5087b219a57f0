"""Summarise the calibration and skill of past forecasts from the ledger's sums."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import starmap
from operator import add

import numpy as np

from pitwall.domain.ledger import SCORE_BINS, ForecastTally, LedgerContents, LedgerRun, Made
from pitwall.ports.races import LedgerReader

ENOUGH_RACES = 5  # for an interval over races; fewer say nothing about other races
_DRAWS = 2_000
_Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True)
class Reliability:
    """Forecasts of about the same probability, and how many of them came true.

    Attributes:
        low, high: The range of `p_overtake`.
        forecasts, passes: How many forecasts, and how many of them were followed by a pass.
        laps: How many laps of battles the forecasts come from.
        mean_forecast: Mean `p_overtake`.
        share_passed: Share of passes.
        share_low, share_high: 95 % interval of that share (Wilson), as if each lap of a battle
            were one case: the sixty or ninety forecasts of one lap share their fate.
    """

    low: float
    high: float
    forecasts: int
    passes: int
    laps: int
    mean_forecast: float
    share_passed: float
    share_low: float
    share_high: float


@dataclass(frozen=True, slots=True)
class Score:
    """Scores of decided forecasts, lower is better, beside those of the gap alone.

    Attributes:
        name: The season, circuit or race.
        forecasts, passes, races: How many there are of each.
        log_loss, brier, gap_log_loss, gap_brier: Means; log-loss in nats.
    """

    name: str
    forecasts: int
    passes: int
    races: int
    log_loss: float
    gap_log_loss: float
    brier: float
    gap_brier: float


@dataclass(frozen=True, slots=True)
class RaceScore:
    """One race's score; `run` identifies the race."""

    run: LedgerRun
    score: Score


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Everything that pages show of the ledger.

    Attributes:
        contents: The contents of the ledger, with its head and single calls.
        forecasts: How many forecasts were made.
        interrupted: Undecided forecasts by reason.
        overall: The score of all races. None while no forecast is decided.
        gain: 95 % interval, over races, of the log-loss gained over the gap alone. None with
            fewer than `ENOUGH_RACES` races.
        reliability: Bins with forecasts in them, the lowest first.
        races: The score of each race, in order of time.
        seasons, circuits: The score of each season and circuit, by name.
    """

    contents: LedgerContents
    forecasts: int
    interrupted: dict[str, int]
    overall: Score | None
    gain: tuple[float, float] | None
    reliability: tuple[Reliability, ...]
    races: tuple[RaceScore, ...]
    seasons: tuple[Score, ...]
    circuits: tuple[Score, ...]


class TrackRecords:
    """Builds track records for pages and routes, anew only if the ledger was read anew."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._counted: dict[tuple[Made, bool], TrackRecord] = {}

    async def record(self, made: Made, *, simulated: bool) -> TrackRecord:
        """Return the track record of forecasts that were made live, or on import.

        Raises:
            StoreError: The database cannot be reached.
        """
        contents = await self._reader.contents(made, simulated=simulated)
        known = self._counted.get((made, simulated))
        if known is None or known.contents is not contents:
            known = await asyncio.to_thread(track_record, contents)
            self._counted[made, simulated] = known
        return known


def track_record(contents: LedgerContents) -> TrackRecord:
    """Return the track record that the ledger's sums give."""
    runs = contents.runs
    decided = [run for run in runs if run.decided.forecasts]
    interrupted: defaultdict[str, int] = defaultdict(int)
    for run in runs:
        for why, count in run.interrupted.items():
            interrupted[why] += count
    return TrackRecord(
        contents=contents,
        forecasts=sum(run.forecasts for run in runs),
        interrupted=dict(sorted(interrupted.items())),
        overall=_score("all", decided) if decided else None,
        gain=_gain(decided),
        reliability=tuple(_reliability(contents.bins)),
        races=tuple(RaceScore(run, _score(run.name, [run])) for run in decided),
        seasons=_grouped(decided, lambda run: str(run.year)),
        circuits=_grouped(decided, lambda run: run.circuit),
    )


def without(record: TrackRecord, hides: Callable[[str], bool]) -> TrackRecord:
    """Return a track record without the races that are hidden from a viewer.

    The reliability diagram is kept, as its sums over all races tell nothing about one of them,
    unless no other race is left.

    Args:
        record: The whole record.
        hides: Whether a race is hidden, by its id.
    """
    contents = record.contents
    runs = tuple(run for run in contents.runs if not hides(run.race_id))
    if len(runs) == len(contents.runs):
        return record
    return track_record(
        replace(
            contents,
            runs=runs,
            bins=contents.bins if runs else (),
            best=tuple(call for call in contents.best if not hides(call.race_id)),
            worst=tuple(call for call in contents.worst if not hides(call.race_id)),
        )
    )


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return the 95 % interval of a share among `count` independent cases (Wilson 1927).

    Example:
        >>> [round(end, 3) for end in wilson(0.5, 10)]
        [0.237, 0.763]
    """
    z2 = _Z**2
    middle = (share * count + z2 / 2) / (count + z2)
    reach = _Z * math.sqrt(count * share * (1 - share) + z2 / 4) / (count + z2)
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def _score(name: str, runs: Sequence[LedgerRun]) -> Score:
    tally = reduce(add, (run.decided for run in runs), ForecastTally())
    count = tally.forecasts
    return Score(
        name=name,
        forecasts=count,
        passes=tally.passes,
        races=len(runs),
        log_loss=tally.log_loss / count,
        gap_log_loss=tally.gap_log_loss / count,
        brier=tally.brier / count,
        gap_brier=tally.gap_brier / count,
    )


def _grouped(runs: Iterable[LedgerRun], key: Callable[[LedgerRun], str]) -> tuple[Score, ...]:
    groups: defaultdict[str, list[LedgerRun]] = defaultdict(list)
    for run in runs:
        if key(run):
            groups[key(run)].append(run)
    return tuple(starmap(_score, sorted(groups.items())))


def _gain(runs: Sequence[LedgerRun]) -> tuple[float, float] | None:
    """Return the 95 % interval of the gain, by bootstrap over races."""
    if len(runs) < ENOUGH_RACES:
        return None
    tallies = [run.decided for run in runs]
    counts = np.array([one.forecasts for one in tallies], dtype=np.float64)
    gains = np.array([one.gap_log_loss - one.log_loss for one in tallies])
    share = np.full(len(runs), 1 / len(runs))
    drawn = np.random.default_rng(0).multinomial(len(runs), share, size=_DRAWS)
    low, high = np.quantile(drawn @ gains / (drawn @ counts), (0.025, 0.975)).tolist()
    return low, high


def _reliability(bins: Sequence[ForecastTally]) -> Iterable[Reliability]:
    for place, tally in enumerate(bins):
        if tally.forecasts:
            share = tally.passes / tally.forecasts
            low, high = wilson(share, tally.laps)
            yield Reliability(
                low=place / SCORE_BINS,
                high=(place + 1) / SCORE_BINS,
                forecasts=tally.forecasts,
                passes=tally.passes,
                laps=tally.laps,
                mean_forecast=tally.p_sum / tally.forecasts,
                share_passed=share,
                share_low=low,
                share_high=high,
            )
