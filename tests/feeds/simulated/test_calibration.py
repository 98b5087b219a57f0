"""Test that passes are as frequent, by gap, as in real races.

The target rows are counted on 189 races 2018-2026 with the rules of `outcomes`: P(pass within
the next lap | gap at the line) on clean laps.
"""

from __future__ import annotations

import math
from collections import Counter

import pytest

from pitwall.feeds.simulated.truth import LineBattle, Truth, line_battles, simulate

EDGES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
COUNTED = {
    "2018-21": (0.581, 0.364, 0.147, 0.041, 0.018, 0.008, 0.005),
    "2022-25": (0.597, 0.243, 0.080, 0.037, 0.019, 0.010, 0.004),
    "2026": (0.615, 0.328, 0.095, 0.045, 0.012, 0.014, 0.013),
}
SHARES = (0.024, 0.120, 0.223, 0.181, 0.126, 0.122, 0.204)  # of clean battles, 2022-25
SEEDS = range(201, 221)  # not those by which the model was tuned
LEAST_ROWS = 300  # a bin with fewer rows is held by its interval alone

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def truths() -> list[Truth]:
    return [simulate(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def battles(truths: list[Truth]) -> list[LineBattle]:
    return [battle for truth in truths for battle in line_battles(truth)]


@pytest.fixture(scope="module")
def clean(battles: list[LineBattle]) -> list[LineBattle]:
    return [battle for battle in battles if battle.outcome in {"pass", "hold"}]


def rate(battles: list[LineBattle]) -> float:
    return sum(battle.outcome == "pass" for battle in battles) / len(battles)


def in_bin(battles: list[LineBattle], index: int) -> list[LineBattle]:
    return [b for b in battles if EDGES[index] <= b.gap_s < EDGES[index + 1]]


def wilson(passes: int, rows: int, z: float = 3.29) -> tuple[float, float]:
    """Return the 99.9 % interval of a rate."""
    p = passes / rows
    centre = (p + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z * math.sqrt(p * (1 - p) / rows + z * z / (4 * rows * rows)) / (1 + z * z / rows)
    return centre - half, centre + half


@pytest.mark.parametrize("index", range(7))
def test_passes_by_gap_come_as_often_as_counted(clean: list[LineBattle], index: int) -> None:
    rows = in_bin(clean, index)
    targets = [counted[index] for counted in COUNTED.values()]

    low, high = wilson(sum(b.outcome == "pass" for b in rows), len(rows))

    # The interval allows for luck, the factor 1.5 for the model; years differ by as much.
    assert low / 1.5 <= max(targets), (rate(rows), targets)
    assert high * 1.5 >= min(targets), (rate(rows), targets)
    if len(rows) >= LEAST_ROWS and index < 4:
        assert 0.5 <= rate(rows) / COUNTED["2022-25"][index] <= 2.0
        assert 0.5 <= rate(rows) / COUNTED["2026"][index] <= 2.0


def test_nearer_cars_pass_more_often(clean: list[LineBattle]) -> None:
    rates = [rate(in_bin(clean, index)) for index in range(5)]

    assert rates == sorted(rates, reverse=True)


def test_gaps_lie_where_they_lay(clean: list[LineBattle]) -> None:
    shares = [len(in_bin(clean, index)) / len(clean) for index in range(7)]

    for share, counted in zip(shares[1:], SHARES[1:], strict=True):
        assert 0.6 <= share / counted <= 1.5
    assert 0.003 <= shares[0] <= 0.05


def test_clean_battles_end_in_passes_as_often_as_counted(clean: list[LineBattle]) -> None:
    # 5.9 to 8.7 % a year, and 10.7 % in early 2026.
    assert 0.055 <= rate(clean) <= 0.107


def test_a_race_has_as_many_battles_as_counted(
    truths: list[Truth], battles: list[LineBattle]
) -> None:
    # Races of 2022-25 have 428 with a standard deviation of 135.
    assert 340 <= len(battles) / len(truths) <= 540


def test_battles_end_in_the_ways_counted(battles: list[LineBattle]) -> None:
    ends = Counter(battle.outcome for battle in battles)
    share = {outcome: count / len(battles) for outcome, count in ends.items()}

    assert 0.58 <= share["hold"] <= 0.74  # 65 %
    assert 0.035 <= share["pass"] <= 0.075  # 5 %
    assert 0.08 <= share["pit"] <= 0.16  # 11 %
    assert 0.07 <= share["neutralised"] <= 0.21  # 14 %


def test_fresher_tyres_pass_more_often(clean: list[LineBattle]) -> None:
    near = [battle for battle in clean if battle.gap_s < 1.0]
    better = [battle for battle in near if battle.tyre_advantage_s > 0.4]
    worse = [battle for battle in near if battle.tyre_advantage_s < -0.4]

    assert rate(better) > 3.0 * rate(worse)
    assert rate(better) > 1.5 * rate(near)


def test_a_defender_who_is_near_the_next_car_is_passed_less(clean: list[LineBattle]) -> None:
    # Counted: 0.062 against 0.187 in 2022-25, 0.112 against 0.155 in 2026. Within one truth a
    # defender's own battle on that lap says how near that car is.
    near = [battle for battle in clean if battle.gap_s < 1.0]
    keys = [(b.race_seed, b.lap, b.attacker) for b in near]
    attacking = set(keys)
    in_train = [b for b in near if (b.race_seed, b.lap, b.defender) in attacking]
    alone = [b for b in near if (b.race_seed, b.lap, b.defender) not in attacking]

    assert rate(in_train) < rate(alone)
