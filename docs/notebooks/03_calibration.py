# %% [markdown]
# # Does 30 % mean 30 %?
#
# Of all forecasts of about the same chance, which share came true? The ledger counts it over all
# races, each lap of a battle once; the bars are its 95 % intervals.
#
# *The pictures kept here are of a race that pitwall simulated: made-up drivers, no real result.*

# %%
from pitwall.client import Pitwall

pitwall = Pitwall()  # PITWALL_URL and PITWALL_KEY say where, and who asks
stored = next(race for race in pitwall.races(kind="Race") if race.state == "finished")
race = pitwall.race(stored.race_id)  # or Race("2025-dutch-grand-prix-race")
code = dict(race.entries().select("driver", "code").iter_rows())
print(stored.name, stored.year, f"({stored.source})")

# %%
import matplotlib.pyplot as plt
import polars as pl

# "import": computed afterwards; "live": written down before the outcome.
ledger = pitwall.ledger(made="import", simulated=stored.source == "simulated")
groups = ledger.reliability
print(f"{ledger.forecasts:,} forecasts of {len(ledger.races)} races; undecided: {ledger.undecided}")

# %%
decided = race.predictions().filter(pl.col("outcome").is_in(["passed", "held"]))
own = (
    decided.group_by((pl.col("p_overtake") * 10).floor().alias("tenth"))
    .agg(
        said=pl.col("p_overtake").mean(),
        came=(pl.col("outcome") == "passed").mean(),
        forecasts=pl.len(),
    )
    .filter(pl.col("forecasts") >= 20)
    .sort("tenth")
)
own

# %%
figure, axes = plt.subplots(figsize=(5, 5))
axes.plot([0, 1], [0, 1], color="lightgrey")
axes.errorbar(
    [group.said for group in groups],
    [group.came for group in groups],
    yerr=[
        [max(0.0, group.came - group.came_low) for group in groups],
        [max(0.0, group.came_high - group.came) for group in groups],
    ],
    fmt="o",
    label="ledger, all races",
)
axes.plot(own["said"], own["came"], "x", label="this race")
axes.set(xlabel="forecast", ylabel="share that came true", xlim=(0, 1), ylim=(0, 1))
axes.legend()
figure.tight_layout()
