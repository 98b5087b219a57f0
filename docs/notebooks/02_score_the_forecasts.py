# %% [markdown]
# # Score the forecasts of a race yourself
#
# Every stored forecast has its outcome: was the attacker ahead a lap later, neither having pitted
# and the track clear? So anybody can score them, and need not believe the ledger.
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

forecasts = race.predictions()
decided = forecasts.filter(pl.col("outcome").is_in(["passed", "held"])).with_columns(
    came=(pl.col("outcome") == "passed").cast(pl.Float64),
    p=pl.col("p_overtake").clip(1e-6, 1 - 1e-6),
)
print(
    f"{len(forecasts):,} forecasts, {len(decided):,} decided, {decided['came'].sum():.0f} came true"
)
forecasts.group_by("outcome").len().sort("len", descending=True)


# %% [markdown]
# Log-loss punishes what is said with too much certainty, Brier is the mean squared error; lower is
# better. Compare with what would know nothing but this race's own rate, and nothing but the gap:
# the rate of each tenth of a second. Both were allowed to see the outcomes, the forecasts were not.


# %%
def scores(p: pl.Series, came: pl.Series) -> dict[str, float]:
    p = p.clip(1e-6, 1 - 1e-6)
    log_loss = -(came * p.log() + (1 - came) * (1 - p).log()).mean()
    return {"log_loss": log_loss, "brier": ((p - came) ** 2).mean()}


tenth = (decided["interval_s"] * 10).floor()
by_gap = decided.with_columns(tenth=tenth).select(pl.col("came").mean().over("tenth"))["came"]
rate = pl.repeat(decided["came"].mean(), len(decided), eager=True)
rows = {
    "forecast": scores(decided["p"], decided["came"]),
    "gap alone, with hindsight": scores(by_gap, decided["came"]),
    "rate of the race, with hindsight": scores(rate, decided["came"]),
}
pl.DataFrame([{"what": what, **row} for what, row in rows.items()])

# %% [markdown]
# The ledger has sums of its own, written when the outcomes were settled. They should say the same.

# %%
simulated = stored.source == "simulated"
ledgers = [pitwall.ledger(made=made, simulated=simulated) for made in ("live", "import")]
scores_entered = [score for ledger in ledgers for score in ledger.races]
entered = next(score for score in scores_entered if score.race_id == stored.race_id)
own = rows["forecast"]["log_loss"]
print(f"ledger: {entered.forecasts:,} forecasts, log-loss {entered.log_loss:.4f}; here {own:.4f}")
assert entered.forecasts == len(decided)
assert abs(entered.log_loss - own) < 0.001

# %%
by_lap = (
    decided.group_by("lap")
    .agg(
        loss=-(
            pl.col("came") * pl.col("p").log() + (1 - pl.col("came")) * (1 - pl.col("p")).log()
        ).mean(),
        passes=pl.col("came").mean(),
    )
    .sort("lap")
)
figure, axes = plt.subplots(figsize=(8, 3))
axes.bar(by_lap["lap"], by_lap["loss"], color="tab:blue", label="log-loss")
axes.plot(by_lap["lap"], by_lap["passes"], color="tab:orange", label="share that came true")
axes.set(xlabel="lap")
axes.legend()
figure.tight_layout()
