"""Write the model card: what the model is, how good it is, and where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ml.evaluation import Result
from ml.midlap import MidLap
from ml.scores import ReliabilityBin
from pitwall.prediction.features import FEATURES
from pitwall.prediction.model_file import LogisticModel

_PLOT_WIDTH = 50

_INTRO = """\
# Model card: {name}

Written by `python -m ml.evaluate`; every number is that run's output. Do not edit.

Version `{version}`, trained {trained_at} on {rows:,} battles ({passes:,} passes) of {races}
races and sprints, {first} to {last}, whose running order can be trusted.

## What it says

At the line: the probability that the attacker of a battle is ahead of the defender when both next
cross it. In mid-lap: that he is ahead a lap from now, **not** by the end of this lap. Both **given
that** neither pits or retires on that lap or the last one, the track stays
clear, and both are on slicks. A pass on a slow or yielding car is a pass; a pass that is lost
again before the line is none.

It is one logistic regression on {columns} features, calibrated by a straight line on its own logit
that was fitted on races held out in {folds} groups of whole races. No class weights.

It gives no forecast, and says why, where it was never trained: track not clear, wet-weather
tyres, a pit visit on this lap or the last, before both have completed two laps, after the
last lap, or for a car that is not in the race state.

## Data

The timing archive (not part of the repository) is rewritten as live-timing messages,
decoded, applied to the race state, and read at each line crossing of two cars less than
2.0 s apart: the same code as live. The state holds what was sent up to the crossing and
nothing later, but for the crossing of the two cars itself, which the feed tells some
hundredths of a second after it happened. Races whose running order is only fair or bad are
left out, as are battles that ended by a pit stop, a neutralisation, a retirement or the flag.

## Features

Attacker minus defender. The weight is the coefficient of the standardised column, times the
calibration's slope: the change of the logit for one standard deviation.

| feature | unit | meaning | from | weight |
|---|---|---|---|---|
"""

_CIRCUITS = """
Missing values count as the training mean. `circuit_overtake_log_ratio` counts earlier races only
while training (walk-forward), each circuit shrunk by 200 battles at the rate of all; the
file holds the counts after all training races, and an unknown circuit counts as average.

**Closer is never less likely.** Each feature that moves with the interval has a coefficient of
the right sign, so that with all else equal the probability falls as the interval grows;
training refuses to write a model without that.

## Scores

Trained on the years before, tested on whole races of the test year; the shipped model itself
is trained on all years, so that its own scores would be worthless. Log-loss, Brier and ECE
(15 bins of equal numbers): lower is better. Intervals: 95 %, 1,000 draws of whole races.
"""

_NOTES = """
## Choices

Columns were chosen by walk-forward log-loss on 2021 to 2024. The scores of 2025 and 2026 were
seen while doing so, but no column was kept or dropped for their sake. One rule was written after
2026 scored worse than before: where the feed gives a new leader no gap, the car behind tells it.

## Where it is wrong, and what it cannot know

- **Between the lines** it was not trained. The table above shows how far "ahead a lap from now"
  holds there; read as "ahead by the end of this lap" the forecast would be far too high, as part
  of the lap is gone by then.
- **2026.** No channel says who has Overtake Mode, boost or battery, and no DRS: cars swap
  places back and forth, and the 2026 split was trained on years of DRS only. Five races are
  few: see its intervals.
- **A linear model** knows no case in which two things together mean more than their sum,
  such as fresher tyres in a train of cars.
- **Whole-season level.** Passing is easier in some years than in others; the model cannot
  know this year's level in advance, and its intercept is off by the difference.
- **Team orders, damage, penalties, blue flags** are not in the features.
"""


def model_card(
    model: LogisticModel,
    results: Sequence[Result],
    years: Sequence[Result],
    midlap: Sequence[MidLap],
) -> str:
    """Return the card as Markdown."""
    training = model.training
    intro = _INTRO.format(
        name=model.name,
        version=model.version,
        trained_at=f"{model.trained_at:%Y-%m-%d}",
        rows=training["rows"],
        passes=training["passes"],
        races=training["races"],
        first=training["years"][0],
        last=training["years"][1],
        columns=len(FEATURES),
        folds=training["folds"],
    )
    lines = [intro + "\n".join(_feature_rows(model)) + "\n" + _CIRCUITS]
    for result in results:
        lines += [*_score_rows(result), *_reliability(result.bins), *_slice_rows(result)]
    lines += [*_year_rows(years), *_midlap_rows(midlap)]
    return "\n".join(lines) + _NOTES


def _feature_rows(model: LogisticModel) -> Iterator[str]:
    for spec, coefficient in zip(FEATURES, model.coefficients, strict=True):
        weight = coefficient * model.calibration_slope
        yield f"| `{spec.name}` | {spec.unit} | {spec.meaning} | {spec.source} | {weight:+.2f} |"


def _score_rows(result: Result) -> Iterator[str]:
    yield f"\n### {result.split.name.capitalize()}\n"
    yield (
        f"{result.rows:,} battles of {result.races} races, {result.passes:,} passes "
        f"({result.passes / result.rows:.2%}); trained on {result.train_rows:,} battles.\n"
    )
    yield "| forecast | log-loss | Brier | ROC AUC | PR AUC | ECE | slope | intercept |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, s in result.scores.items():
        line = "- | -" if s.slope is None else f"{s.slope:.2f} | {s.intercept:+.2f}"
        yield (
            f"| {name} | {s.log_loss:.4f} | {s.brier:.4f} | {s.roc_auc:.3f} | {s.pr_auc:.3f} "
            f"| {s.ece:.4f} | {line} |"
        )
    yield ""
    for name, (gain, low, high) in result.gains.items():
        yield f"Log-loss gain over {name}: {gain:.4f}, interval {low:+.4f} to {high:+.4f}."


def _reliability(bins: Sequence[ReliabilityBin]) -> Iterator[str]:
    yield "\nReliability, ten bins of equal numbers:\n"
    yield "| battles | passes | forecast | observed |"
    yield "|---|---|---|---|"
    for b in bins:
        yield f"| {b.count} | {b.passes} | {b.forecast:.4f} | {b.observed:.4f} |"
    yield "\n```text"
    yield "forecast  observed, o; forecast, |; both, *"
    top = max(max(b.forecast, b.observed) for b in bins)
    for b in bins:
        line = [" "] * (_PLOT_WIDTH + 1)
        forecast, observed = (round(_PLOT_WIDTH * x / top) for x in (b.forecast, b.observed))
        line[forecast], line[observed] = "|", "o"
        line[forecast] = "*" if forecast == observed else "|"
        yield f"{b.forecast:8.4f}  {''.join(line).rstrip()}"
    yield f"{'':10}0{f'{top:.2f}':>{_PLOT_WIDTH}}"
    yield "```"


def _slice_rows(result: Result) -> Iterator[str]:
    yield "\nBy situation:\n"
    yield "| battles in which | battles | passes | forecast | observed |"
    yield "|---|---|---|---|---|"
    for part in result.slices:
        yield (
            f"| {part.name} | {part.rows} | {part.passes} | {part.forecast:.3f} "
            f"| {part.observed:.3f} |"
        )


def _year_rows(years: Sequence[Result]) -> Iterator[str]:
    yield "\n### Year by year\n"
    yield "Each year forecast by a model of the years before it.\n"
    yield "| year | races | battles | passes | log-loss | gap only | gain | ECE | intercept |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for result in years:
        *_, model = result.scores.values()
        gap = result.scores["gap only"]
        gain, low, high = result.gains["gap only"]
        yield (
            f"| {result.split.test_year} | {result.races} | {result.rows:,} "
            f"| {result.passes / result.rows:.2%} | {model.log_loss:.4f} | {gap.log_loss:.4f} "
            f"| {gain:.4f} ({low:+.4f} to {high:+.4f}) | {model.ece:.4f} "
            f"| {model.intercept or 0.0:+.2f} |"
        )


def _midlap_rows(midlap: Sequence[MidLap]) -> Iterator[str]:
    yield "\n### Between the lines\n"
    yield (
        "Battles of 2025 whose outcome over three laps is known, followed into the lap after the "
        "line, with a model of the years before: the forecast at each point of the lap, and the "
        "share in which the attacker was ahead one lap after that point.\n"
    )
    yield "| lap done | battles | forecast | observed | log-loss | ROC AUC | ECE |"
    yield "|---|---|---|---|---|---|---|"
    for m in midlap:
        yield (
            f"| {m.share:.0%} | {m.rows:,} | {m.forecast:.4f} | {m.observed:.4f} "
            f"| {m.log_loss:.4f} | {m.roc_auc:.3f} | {m.ece:.4f} |"
        )
