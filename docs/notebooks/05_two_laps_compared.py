# %% [markdown]
# # The telemetry of two laps, compared
#
# Attacker and defender of the hottest battle, each on its own fastest lap: speed by distance, and
# where the time goes. Distance is the integral of the speed.
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

battle = race.battles().sort("p_most", descending=True).row(0, named=True)
pair = [battle["attacker"], battle["defender"]]
laps = race.laps(drivers=pair).filter(pl.col("lap_time_s").is_not_null() & ~pl.col("pitted"))
best = laps.sort("lap_time_s").group_by("driver", maintain_order=True).first()
best.select("driver", "lap", "lap_time_s", "sector_1_s", "sector_2_s", "sector_3_s")


# %%
def trace(lap: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distance, speed and time of a lap."""
    until = lap["completed_at_utc"]
    since = until - timedelta(seconds=lap["lap_time_s"])
    samples = race.telemetry(since=since, until=until, drivers=lap["driver"]).sort("at_utc")
    seconds = (samples["at_utc"] - since).dt.total_milliseconds().to_numpy() / 1000
    speed = samples["speed_kmh"].to_numpy()
    steps = np.diff(seconds, prepend=0.0) * speed / 3.6
    return np.cumsum(steps), speed, seconds


traces = {code[lap["driver"]]: trace(lap) for lap in best.iter_rows(named=True)}

# %%
figure, (upper, lower) = plt.subplots(2, figsize=(9, 5), sharex=True, height_ratios=(2, 1))
for name, (metres, speed, _seconds) in traces.items():
    upper.plot(metres, speed, label=name, linewidth=1)
upper.set(ylabel="km/h")
upper.legend()
(one, other), ((metres, _, first), (far, _, second)) = traces.keys(), traces.values()
lower.plot(metres, np.interp(metres, far, second) - first, color="black", linewidth=1)
lower.axhline(0, color="lightgrey")
lower.set(xlabel="metres", ylabel=f"{other} behind {one}, s")
figure.tight_layout()
