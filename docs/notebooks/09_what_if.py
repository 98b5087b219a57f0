# %% [markdown]
# # What if: a battle that nobody has driven
#
# `what_if` asks the model about a battle described by its features; what is left out is unknown to
# it. `features()` lists them with units and ranges.
#
# *The pictures kept here are of a race that pitwall simulated: made-up drivers, no real result.*

# %%
import matplotlib.pyplot as plt
import numpy as np
import polars as pl

from pitwall.client import Pitwall

pitwall = Pitwall()
features = pl.DataFrame(
    {"name": each.name, "unit": each.unit, "meaning": each.meaning} for each in pitwall.features()
)
print(len(features), "features")
features.head(8)

# %%
GAPS = np.linspace(0.2, 1.8, 9)


def curve(**known: float) -> list[float]:
    return [pitwall.what_if({"interval_s": float(gap), **known}).p_overtake for gap in GAPS]


figure, axes = plt.subplots(figsize=(7, 4))
axes.plot(GAPS, curve(), "o-", label="the gap alone")
axes.plot(
    GAPS, curve(gap_extrapolated_pair_1lap_s=-1.0), "o-", label="past it if the last lap repeats"
)
axes.plot(GAPS, curve(gap_extrapolated_pair_1lap_s=3.0), "o-", label="3 s behind if it repeats")
axes.set(xlabel="gap, s", ylabel="chance of a pass within a lap", ylim=(0, None))
axes.legend()
figure.tight_layout()

# %% [markdown]
# The answer says why, and by how much each part of the model moves it.

# %%
answer = pitwall.what_if({"interval_s": 0.4, "gap_extrapolated_pair_1lap_s": -0.8})
print(f"{answer.p_overtake:.1%}", *answer.reasons, sep="\n")
print(f"{len(answer.unknown)} features were left out")
