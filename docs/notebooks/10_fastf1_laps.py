# %% [markdown]
# # FastF1's laps next to pitwall's battles
#
# [FastF1](https://docs.fastf1.dev) has the laps, tyres and telemetry of each real race; pitwall has
# who fought whom, and how likely a pass was. Both name drivers by the same three letters.
#
# *The pictures kept here are of a race that pitwall simulated: made-up drivers, no real result.*

# %%
import os
import tempfile

import fastf1
import matplotlib.pyplot as plt
import pandas as pd
import polars as pl
from fastf1.livetiming.data import LiveTimingData

from pitwall.client import Pitwall

pitwall = Pitwall()
stored = next(race for race in pitwall.races(kind="Race") if race.state == "finished")
race = pitwall.race(stored.race_id)
code = dict(race.entries().select("driver", "code").iter_rows())
print(stored.name, stored.year, f"({stored.source})")

# %% [markdown]
# A real race comes from F1's archive, over the network. A simulated one is in no archive: FastF1
# reads it from a recording, in the format that FastF1's own client for live timing writes. These
# pictures were made that way, and no network was used.

# %%
fastf1.set_log_level("ERROR")
recording = os.environ.get("RECORDING")
if recording is None:
    session = fastf1.get_session(stored.year, stored.name, "R")
    session.load(telemetry=False, weather=False)
else:
    fastf1.Cache.configure(cache_dir=tempfile.mkdtemp())
    fastf1.Cache.offline_mode(enabled=True)
    day = pd.Timestamp(stored.starts_at).tz_localize(None)
    kinds = ["Practice 1", "Practice 2", "Practice 3", "Qualifying", "Race"]
    event = {
        "EventName": stored.name, "EventDate": day.normalize(), "EventFormat": "conventional",
        "RoundNumber": 1, "Country": "", "Location": stored.circuit,
    }  # fmt: skip
    for number, kind in enumerate(kinds, 1):
        event |= {
            f"Session{number}": kind,
            f"Session{number}Date": day,
            f"Session{number}DateUtc": day,
        }
    event = fastf1.events.Event(event, year=stored.year)
    session = fastf1.core.Session(event, "Race", f1_api_support=True)
    session.load(livedata=LiveTimingData(recording), telemetry=False, weather=False)
laps = pl.from_pandas(
    pd.DataFrame(session.laps[["Driver", "LapNumber", "LapTime", "Compound", "TyreLife"]])
)
laps.head(4)

# %%
battle = race.battles().sort("forecasts", descending=True).row(0, named=True)
pair = [code[battle["attacker"]], code[battle["defender"]]]
forecasts = race.predictions(drivers=battle["attacker"]).filter(
    (pl.col("attacker") == battle["attacker"])
    & (pl.col("defender") == battle["defender"])
    & pl.col("made_at_utc").is_between(battle["began_at_utc"], battle["ended_at_utc"])
)
print(pair, "laps", battle["first_lap"], "to", battle["last_lap"], "->", battle["outcome"])

# %%
first, last = battle["first_lap"] - 3, battle["last_lap"] + 3
figure, (upper, lower) = plt.subplots(2, figsize=(9, 5), sharex=True)
for name in pair:
    own = laps.filter((pl.col("Driver") == name) & pl.col("LapNumber").is_between(first, last))
    tyres = ", ".join(own["Compound"].unique(maintain_order=True).drop_nulls())
    upper.plot(
        own["LapNumber"],
        own["LapTime"].dt.total_milliseconds() / 1000,
        "o-",
        label=f"{name} ({tyres})",
    )
upper.set(ylabel="lap time, s (FastF1)")
upper.legend(fontsize=8)
by_lap = (
    forecasts.group_by("lap")
    .agg(pl.col("p_overtake").max(), pl.col("interval_s").min())
    .sort("lap")
)
lower.bar(by_lap["lap"], by_lap["p_overtake"], color="tab:orange")
lower.set(xlabel="lap", ylabel="highest p_overtake (pitwall)", ylim=(0, 1))
figure.tight_layout()

# %% [markdown]
# Laps of both, row by row: the same race, told twice.

# %%
both = (
    laps.select(
        code="Driver",
        lap=pl.col("LapNumber").cast(pl.Int64),
        fastf1_s=pl.col("LapTime").dt.total_milliseconds() / 1000,
    )
    .join(
        race.laps()
        .with_columns(code=pl.col("driver").replace(code))
        .select("code", "lap", "lap_time_s"),
        on=["code", "lap"],
    )
    .drop_nulls()
)
agree = both.filter((pl.col("fastf1_s") - pl.col("lap_time_s")).abs() < 0.001)
print(f"{len(agree):,} of {len(both):,} laps agree to the millisecond")
assert len(agree) > 0.95 * len(both) > 0
