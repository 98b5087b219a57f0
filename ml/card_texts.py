"""Hold the texts of the model card that do not depend on its figures."""

from __future__ import annotations

from typing import Final

INTRO: Final = """\
# Model card: {version}

`python -m ml.evaluate` writes this page, and every number is that run's output. Do not edit it.

Trained on {trained_at} on {rows:,} moments of battles ({passes:,} with a pass), {line:,} of them at
the line ({line_passes:,}), of {races} races and sprints, {first} to {last}, whose running order is
reliable. Rules of the seasons: version `{rules}`.

## What it forecasts

- `p_overtake`: at the line, the probability that the attacker of a battle is ahead of the defender
  when both next cross it. Between the lines, the probability that the attacker is ahead one lap
  from now, **not** by the end of this lap. It holds **given that** the battle is not interrupted:
  neither car pits or retires, and no safety car, virtual safety car or red flag comes. A pass on a
  slow or yielding car counts. A pass that is lost again before the line does not.
- `p_overtake_3`: the same within three laps; never below `p_overtake`.
- `p_pit`, `p_neutralised`, `p_retired`: the probability that the battle is interrupted in this way
  before it is decided.
- `p_kept`: the probability that a pass made now still stands two laps later.
- A 90 % interval of `p_overtake`: how different the forecast could be, had the model learned from
  other races. It does not say whether *this* battle ends in a pass.
- What each expert moves: the forecast starts from the situation, and OM, BOOST and AERO each add to
  its logit or take from it. The parts add up to the logit of `p_overtake`; in percentage points an
  expert's part is its mean effect over all orders in which the experts can be added.
- Reasons: what moved the logit away from the average battle, by part and topic. Every split on the
  way through every tree is credited to its column; the amounts add up to the logit.

Every battle gets a forecast, on the opening laps, fresh from the pits, behind a yellow flag, in the
wet and at a restart too; the condition is named with it. There is none, and it says why, behind a
safety car, virtual safety car or red flag, in the pit lane, before anybody has completed a lap,
after the last lap, or for a car that is not in the race state.

## How it is made

There are {columns} [features](features.md), and each belongs to one part of the mixture:

- **The situation** gives the base: gap, closing, traffic, stage of the race, form, flags, stops.
- **OM**: the one-second rule: how close the attacker came in the last minutes and will come at the
  next lines if the lap repeats, DRS (to 2025) or Overtake Mode (2026), allowed to it and to the
  defender. **Estimated**: no public channel says who has it.
- **BOOST**: speed traps and straights, laps against the car's own usual ones, and a posterior of
  each car's battery and spending. **Estimated**: no channel sends the charge.
- **AERO**: what following costs: sectors against the defender's and against those in clear air, the
  pace behind a car against that without one, tyres, wind. **Estimated**: nobody measures the air.

The parts are boosted in turns. The situation begins with some trees alone; then situation, OM,
BOOST and AERO add a tree each, round by round, and every tree is fitted on what all parts so far
leave open. An expert reads its own columns and a few of the situation's to interact with. A row at
the line counts {line_weight:g} times as much as a moment, and a season {recency:.0%} of the next.

A stacker, a logistic regression, adds up the parts and the running residuals (how the battles of
race, attacker, defender and season came out against their forecasts); its gate scales each expert
by the situation. Both are fitted on opinions about races that the parts had not seen, in {folds}
groups of whole races. There are no class weights. All else equal, a smaller gap never makes a pass
less likely.
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
earlier years. These are the rows on which the first release was scored: log-loss .1248, slope .87
on 2025.
"""

SMOOTHNESS: Final = """
## Smoothness

A forecast should change because the battle changed. `python -m ml.smoothness --archive DIR` replays
races second by second; these are the first four of 2025 (Melbourne, Shanghai twice, Suzuka). Both
models were trained on all years, these races included: compare the columns, and take none of them
for a test. The figures are not of the run that wrote the rest of this page.

| | first release | now | now, as the page shows it |
|---|---|---|---|
| seconds of battles with a forecast | 111,116 | 146,396 | 146,396 |
| median absolute step from one second to the next, points | .012 | .019 | 0 |
| the same where the forecast is 10 % or more, points | .79 | .57 | 0 |
| steps above ten points, per hour of a battle | 29.0 | 17.5 | 8.9 |
| of these taken back (half or more) within five seconds | 18.9 % | 15.7 % | 5.5 % |

The first release showed its forecast as it was. It gave none in the wet, on the opening laps, under
yellow and fresh from the pits, so that the columns are not of the same seconds.
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
- **The experts overlap.** They see different columns of the same battle. Where leaving one out is
  not certain to cost anything, the tables above say so.
- **Rare conditions** are learned from few races. The tables by condition say how well.
"""
