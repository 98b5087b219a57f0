"""Hold the texts of the model card that do not depend on its figures."""

from __future__ import annotations

from typing import Final

INTRO: Final = """\
# Model card: {version}

`python -m ml.evaluate` writes this page, and every number is that run's output. Do not edit it.

Trained on {trained_at} on {rows:,} battles ({passes:,} passes) of {races} races and sprints,
{first} to {last}, whose running order is reliable. Rules of the seasons: version `{rules}`.

## What it forecasts

- `p_overtake`: at the line, the probability that the attacker of a battle is ahead of the defender
  when both next cross it. Between the lines, the probability that the attacker is ahead one lap
  from now, **not** by the end of this lap. It holds **given that** the battle is not interrupted:
  neither car pits or retires, the track stays clear, both are on slicks. A pass on a slow or
  yielding car counts. A pass that is lost again before the line does not.
- `p_overtake_3`: the same within three laps; never below `p_overtake`.
- `p_pit`, `p_neutralised`, `p_retired`: the probability that the battle is interrupted in this way
  before it is decided.
- A 90 % interval of `p_overtake`: how different the forecast could be, had the model learned from
  other races. It does not say whether *this* battle ends in a pass.
- Reasons: what moved the logit away from the average battle, by topic. Every split on the way
  through every tree is credited to its column; the amounts add up to the logit.

The model gives no forecast, and says why, in situations it was never trained on: the track not
clear, wet-weather tyres, a pit visit on this lap or the last, before both cars have completed two
laps, after the last lap, or for a car that is not in the race state.

## How it is made

There are {columns} [features](features.md). Three experts all see those of the shared context (gap,
trend, pace, traffic, history), and each sees a view of its own:

- **OM**: availability and use of DRS (to 2025) or Overtake Mode (2026), the defender's too, and the
  map of the battery. **Estimated**: no public channel says who has it.
- **BOOST**: the difference in deployment: speed traps and sectors against the car's usual ones, and
  a posterior of each car's battery and spending. **Estimated**: no channel sends the charge.
- **AERO**: what following costs: the car's sectors and traps against those in clear air, time spent
  close, tyres, wind. **Estimated**: nobody measures the air.

A gate weighs the experts by context. A stacker turns the weighted logit and the running residuals
into a calibrated logit. (The running residuals compare how the race's, the attacker's and the
defender's battles came out with their forecasts.) Both are fitted on the experts' opinions of races
that these had not seen, in {folds} groups of whole races. There are no class weights. All else
equal, a smaller gap never makes a pass less likely.
"""

SCORES: Final = """
## Scores

Each test trains the recipe on the years before and tests it on whole races of the test year. The
shipped model is trained on all years, so its own scores would be worthless. `pooled` is the
yardstick: one LightGBM on all features, with the same training rows and calibration. For log-loss,
Brier and ECE (15 bins of equal numbers) lower is better. Intervals in brackets are 95 % intervals
from 1,000 draws of whole races.
"""

CADENCE: Final = """\
{rows:,} rows of {battles:,} battles in {races} races: one every five seconds while a battle
lasts and a forecast is given. The label is whether the attacker is ahead one lap later, a lap being
as long as the attacker's last one ({passes:.2%} are). Here `gap only` is fitted on such rows of
earlier years; the mixture was trained at the line alone.
"""

LIMITS: Final = """
## Where it is wrong, and what it cannot know

- **A season of new rules.** No model trained before 2026 knows how the cars of 2026 pass. All
  learners, the pooled one included, forecast too few passes from far back and are too confident.
  The [research notes](research/forecast-ladder.md) say what was tried and what limits it.
- **The level of a season and of a race** is not known in advance. The running residual learns the
  race's own level while it runs, slowly.
- **Small chances.** A fifth of the loss comes from passes that were given less than 3 %: team
  orders, damage, mistakes, yielding. No feature shows these.
- **The experts overlap.** They share most of what matters. Where leaving one out is not certain to
  cost anything, the tables above say so.
- **The gate** has little effect: the weights hardly change with the context.
- **Between the lines** the mixture was not trained. The tables show how well it works there.
"""
