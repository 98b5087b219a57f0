"""Hold the texts of the model card that do not depend on its figures."""

from __future__ import annotations

from typing import Final

INTRO: Final = """\
# Model card: {version}

Written by `python -m ml.evaluate`; every number is that run's output. Do not edit.

Trained on {trained_at} on {rows:,} battles ({passes:,} passes) of {races} races and sprints,
{first} to {last}, whose running order is reliable. Rules of the seasons: version `{rules}`.

## What it forecasts

- `p_overtake`: at the line, the probability that the attacker of a battle is ahead of the defender
  when both next cross it. Between the lines, that the attacker is ahead one lap from now, **not**
  by the end of this lap. **Given that** the battle is not interrupted: neither pits or retires,
  the track stays clear, both are on slicks. A pass on a slow or yielding car is a pass; one
  that is lost again before the line does not count.
- `p_overtake_3`: the same within three laps; never below `p_overtake`.
- `p_pit`, `p_neutralised`, `p_retired`: that the battle ends in this way before it is decided.
- A 90 % interval of `p_overtake`: how much it could differ, had the model learned from other
  races. It does not say whether *this* battle ends in a pass.
- Reasons: what moved the logit away from the average battle, by topic. Every split on the path
  through every tree is credited to its column; the amounts add up to the logit.

It gives no forecast, and says why, in situations that it was not trained for: track not clear,
wet-weather tyres, a pit visit on this lap or the last, before both have completed two laps, after
the last lap, or for a car that is not in the race state.

## How it is made

Three experts see the shared context (gap, trend, pace, traffic, history), and each its own view,
of {columns} [features](features.md):

- **OM**: availability and use of DRS (to 2025) or Overtake Mode (2026), the defender's own,
  the map of the battery. **Estimated**: no public channel says which car has it.
- **BOOST**: deployment differential: speed traps and sectors against the car's usual ones, and a
  posterior of each car's battery and spending. **Estimated**: no channel gives a battery's charge.
- **AERO**: the cost of following: the car's sectors and traps against those in clear air, time
  spent close, tyres, wind. **Estimated**: no channel measures the air.

A gate weighs them by context; a stacker turns the weighted logit and the running residuals (the
outcomes of the race's, the attacker's and the defender's battles minus their forecasts) into a
calibrated logit. Both are fitted on the experts' forecasts of races that they had not seen, in
{folds} groups of whole races. No class weights. A smaller gap is never less likely to end in a
pass, all else equal.
"""

SCORES: Final = """
## Scores

Trained on the years before, tested on whole races of the test year. The shipped model itself is
trained on all years, so scores of its own would mean nothing. `pooled` is the yardstick: one
LightGBM on all features and the same training rows, calibrated in the same way. Log-loss, Brier
and ECE (15 bins of equal numbers): lower is better. Intervals in brackets: 95 %, 1,000 draws of
whole races.
"""

CADENCE: Final = """\
{rows:,} rows of {battles:,} battles in {races} races: one every five seconds while a battle
lasts and a forecast is given. Label: ahead one lap later, where a lap takes as long as the
attacker's last one ({passes:.2%}). `gap only` here is fitted on such rows of earlier years; the
mixture was trained at the line only.
"""

LIMITS: Final = """
## Where it is wrong, and what it cannot know

- **A season of new rules.** No model trained before 2026 knows how its cars pass: all learners, the
  pooled one included, forecast too few passes from far back, and are too confident. What was tried
  against it, and what limits it, is in [the research notes](research/forecast-ladder.md).
- **The level of a season and of a race** are not known in advance. The running residual learns the
  race's own level while it runs, slowly.
- **Small chances.** A fifth of the loss comes from passes that were given less than 3 %: team
  orders, damage, mistakes, yielding. No feature shows these.
- **The experts overlap.** They share most information; where leaving one out is not certain to
  cost anything, the tables above say so.
- **The gate** has little effect: the weights hardly change with the context.
- **Between the lines** the mixture was not trained; the table shows how far it holds there.
"""
