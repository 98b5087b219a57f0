# %% [markdown]
# # Trains: who queued behind whom
#
# A train is three cars or more, each less than a second behind the one ahead: nobody in its middle
# can use the tow without giving one.
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

EVERY, CLOSE_S, CARS = "10s", 1.0, 3
timing = race.timing().sort("at_utc").select("at_utc", "driver", "position", "interval_s")
laps = race.laps()
begin = laps.filter(pl.col("lap") == 1)["completed_at_utc"].min()
end = laps["completed_at_utc"].max()
instants = pl.DataFrame({"at_utc": pl.datetime_range(begin, end, EVERY, eager=True)})
drivers = timing.select("driver").unique()
# The newest line of timing about each car, every ten seconds.
grid = (
    instants.join(drivers, how="cross")
    .sort("at_utc")
    .join_asof(timing, on="at_utc", by="driver", strategy="backward", check_sortedness=False)
    .drop_nulls("position")
    .sort("at_utc", "position")
)

# %%
trains = (
    grid.with_columns(
        starts=~((pl.col("interval_s") < CLOSE_S) & (pl.col("interval_s") > 0)).fill_null(
            value=False
        )
    )
    .with_columns(train=pl.col("starts").cum_sum().over("at_utc"))
    .group_by("at_utc", "train")
    .agg(first=pl.col("driver").first(), position=pl.col("position").first(), cars=pl.len())
    .filter(pl.col("cars") >= CARS)
    .sort("at_utc", "position")
)
longest = (
    trains.with_columns(leads=pl.col("first").replace(code))
    .group_by("leads")
    .agg(minutes=pl.len() / 6, most_cars=pl.col("cars").max())
    .sort("minutes", descending=True)
)
longest.head(8)

# %%
figure, axes = plt.subplots(figsize=(9, 4))
minutes = (trains["at_utc"] - begin).dt.total_seconds() / 60
dots = axes.scatter(minutes, trains["position"], c=trains["cars"], cmap="plasma", s=8, marker="s")
axes.invert_yaxis()
axes.set(xlabel="minutes after the first lap", ylabel="place of the first car")
figure.colorbar(dots, label="cars")
figure.tight_layout()
