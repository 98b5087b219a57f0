# %% [markdown]
# # Follow the live race, and be told
#
# The stream sends each frame and event as it happens, and goes on by itself when the connection
# breaks. The live race needs no account.
#
# *The pictures kept here are of a race that pitwall simulated: made-up drivers, no real result.*

# %%
from itertools import islice

from pitwall.client import BattlesNow, FlagShown, PassMade, Pitwall

pitwall = Pitwall()
now = pitwall.live_battles()
print(now.race.name, "lap", now.race.lap, "of", now.race.total_laps, f"({now.source})")

# %% [markdown]
# Ten lines: the hottest battle, and what happens. Without `islice` it goes on for ever.

# %%
before = None
for news in islice(pitwall.stream(), 24):
    match news:
        case BattlesNow(battles=battles) if battles:
            hottest = max(battles, key=lambda battle: battle.p_overtake or 0.0)
            if hottest.pair != before:
                print(f"{hottest.pair}: {hottest.interval_s:.1f} s, {hottest.p_overtake or 0:.1%}")
            before = hottest.pair
        case PassMade(attacker=attacker, defender=defender, position=position):
            print(f"PASS: {attacker.code} on {defender.code} for P{position}")
        case FlagShown(track_status=status):
            print(f"track: {status}")

# %% [markdown]
# An alert for every battle above a chance, once each. `min_p` makes the server leave out the rest;
# set it to .4 for what is worth getting up for. Here it is low, so that something can be seen.

# %%
ALERT_ABOVE = 0.05
alerted: set[str] = set()
for news in islice(pitwall.stream(min_p=ALERT_ABOVE, events=["frame", "passed"]), 12):
    if isinstance(news, BattlesNow):
        for battle in news.battles:
            if battle.pair not in alerted:
                alerted.add(battle.pair)
                print(f"{battle.pair} {battle.p_overtake:.0%}: {battle.reasons[:2]}")
print(len(alerted), "alerts")

# %% [markdown]
# The same with the order of all cars, as a picture of this moment.

# %%
import matplotlib.pyplot as plt

session = pitwall.live()
cars = [car for car in session.cars if car.gap_to_leader_s is not None or car.position == 1]
figure, axes = plt.subplots(figsize=(9, 2.2))
axes.scatter([car.gap_to_leader_s or 0.0 for car in cars], [0] * len(cars), s=14)
for car in cars:
    axes.text(
        car.gap_to_leader_s or 0.0,
        0.01,
        car.code,
        rotation=90,
        ha="center",
        va="bottom",
        fontsize=7,
    )
axes.set(xlabel="seconds behind the leader", ylim=(-0.02, 0.1), yticks=[])
figure.tight_layout()
