# %% [markdown]
# # The hottest battles of a race
#
# One row a battle: who, when, how close, how likely at most, and what became of it.
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

battles = race.battles().sort("p_most", descending=True)
hottest = battles.head(12).with_columns(
    pair=pl.format("{}-{}", pl.col("attacker").replace(code), pl.col("defender").replace(code))
)
hottest.select("pair", "position", "first_lap", "last_lap", "closest_s", "p_most", "outcome")

# %%
colours = {"passed": "tab:green", "held": "tab:red"}
names = [f"{pair}, lap {lap}" for pair, lap in hottest.select("pair", "first_lap").iter_rows()]
figure, axes = plt.subplots(figsize=(8, 4))
axes.barh(
    names[::-1],
    hottest["p_most"].to_list()[::-1],
    color=[colours.get(outcome, "tab:grey") for outcome in hottest["outcome"].to_list()[::-1]],
)
axes.set(xlim=(0, 1), xlabel="highest chance of a pass within a lap")
axes.set_title("green: passed, red: held, grey: interrupted or open", fontsize=9)
figure.tight_layout()
