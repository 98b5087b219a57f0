# %% [markdown]
# # Where on the lap are passes made?
#
# Passes and positions come in the rows of OpenF1. The outline is the line of one car on one lap; a
# pass is placed on it by how much of the lap the passing car had driven then, in time. Positions of
# every car at every pass would be more exact, and many more rows.
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
from datetime import timedelta

import matplotlib.pyplot as plt
import numpy as np
import polars as pl

sessions = pitwall.openf1("sessions").filter(
    pl.col("date_start").str.to_datetime(time_zone="UTC") == stored.starts_at
)
session = f"session_key={sessions['session_key'][0]}"
passes = pitwall.openf1("overtakes", session).with_columns(
    at=pl.col("date").str.to_datetime(time_zone="UTC")
)
print(len(passes), "passes on the track")

# %%
laps = race.laps().filter(pl.col("lap_time_s").is_not_null())
outline = laps.filter((pl.col("lap") > 1) & ~pl.col("pitted")).sort("lap_time_s").row(0, named=True)
until = outline["completed_at_utc"]
since = until - timedelta(seconds=outline["lap_time_s"])
points = pitwall.openf1(
    "location",
    session,
    f"driver_number={outline['car']}",
    f"date>={since:%Y-%m-%dT%H:%M:%S}",
    f"date<{until:%Y-%m-%dT%H:%M:%S}",
)
share = np.linspace(0, 1, len(points))


# %%
def share_of_lap(car: int, at: object) -> float | None:
    """Return how much of its lap a car had driven; None on its last lap."""
    on = laps.filter((pl.col("car") == car) & (pl.col("completed_at_utc") > at)).sort("lap").head(1)
    if on.is_empty():
        return None
    left_s = (on["completed_at_utc"][0] - at).total_seconds()
    return 1 - min(1.0, left_s / on["lap_time_s"][0])


where = [share_of_lap(*row) for row in passes.select("overtaking_driver_number", "at").iter_rows()]
where = np.array([each for each in where if each is not None])
x, y = (np.interp(where, share, points[name].to_numpy()) for name in ("x", "y"))

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
left.plot(points["x"], points["y"], color="lightgrey", linewidth=4)
left.scatter(x, y, color="tab:red", alpha=0.5, s=25, zorder=2)
left.set_aspect("equal")
left.axis("off")
right.hist(where, bins=np.linspace(0, 1, 21), color="tab:red")
right.set(xlabel="share of the lap driven", ylabel="passes")
figure.tight_layout()
