# %% [markdown]
# # A gap chart, with stops and neutralisations
#
# Each car's gap to the leader at the line, lap by lap; dots are laps with a visit to the pits, and
# grey is a track that was not clear.
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

laps = race.laps()
leader = laps.group_by("lap").agg(leader_at=pl.col("completed_at_utc").min())
gaps = (
    laps.join(leader, on="lap")
    .with_columns(
        gap_s=(pl.col("completed_at_utc") - pl.col("leader_at")).dt.total_milliseconds() / 1000
    )
    .sort("car", "lap")
)
last = (
    gaps.group_by("driver", maintain_order=True)
    .last()
    .sort("lap", "gap_s", descending=[True, False])
)
front = last["driver"].head(10).to_list()

# %% [markdown]
# The states of the track are in `statuses`, and the leader's laps place them on this axis.

# %%
tracks = race.statuses().filter(pl.col("kind") == "track").sort("at_utc")
ends = [*tracks["at_utc"].to_list()[1:], laps["completed_at_utc"].max()]
spans = [
    (at, end, value)
    for (at, value), end in zip(tracks.select("at_utc", "value").iter_rows(), ends, strict=True)
    if value != "clear"
]
laps_at = leader.sort("lap")


def lap_of(at: object) -> int:
    return laps_at.filter(pl.col("leader_at") <= at).height


figure, axes = plt.subplots(figsize=(9, 5))
for at, end, _value in spans:
    axes.axvspan(lap_of(at), lap_of(end), color="lightgrey")
for driver in front:
    own = gaps.filter(pl.col("driver") == driver)
    (line,) = axes.plot(own["lap"], own["gap_s"], label=code[driver], linewidth=1)
    stops = own.filter(pl.col("pitted"))
    axes.plot(stops["lap"], stops["gap_s"], "o", color=line.get_color(), markersize=4)
axes.invert_yaxis()
axes.set(xlabel="lap", ylabel="seconds behind the leader")
axes.legend(ncols=5, fontsize=8)
figure.tight_layout()

# %%
race.stints().filter(pl.col("driver").is_in(front)).select(
    "driver", "stint", "from_lap", "compound"
).head(12)
