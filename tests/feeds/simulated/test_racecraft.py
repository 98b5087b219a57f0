"""Test the parts of a fight against physics: air, tyres, battery, Overtake Mode, undercuts."""

from __future__ import annotations

from statistics import mean

import pytest

from pitwall.domain.race import Compound
from pitwall.feeds.simulated import energy
from pitwall.feeds.simulated.lap_shape import MiniSector
from pitwall.feeds.simulated.racecraft import air_s
from pitwall.feeds.simulated.tyres import TyreSet, Wear
from tests.feeds.simulated.duels import duel, lead_of_second_s, passed_on_track

CORNERS = MiniSector(base_s=3.7, straight_s=0.0, corner_s=3.7, zone=0.0)
STRAIGHT = MiniSector(base_s=3.7, straight_s=3.7, corner_s=0.0, zone=0.0)


def test_dirty_air_costs_time_in_corners_and_less_with_distance() -> None:
    assert air_s(0.5, CORNERS) > air_s(1.5, CORNERS) > 0.0


def test_the_slipstream_gains_time_on_straights() -> None:
    assert air_s(0.5, STRAIGHT) < air_s(1.5, STRAIGHT) < 0.0


@pytest.mark.parametrize("compound", [Compound.SOFT, Compound.MEDIUM, Compound.HARD])
def test_tyres_lose_time_with_every_lap_and_fall_off_a_cliff(compound: Compound) -> None:
    wear = Wear(1.0)
    life = round(wear.life_laps(compound))

    costs = [wear.cost_s(TyreSet(compound, age)) for age in range(life + 12)]

    assert costs == sorted(costs)
    assert costs[life + 10] - costs[life + 5] > 3.0 * (costs[life - 5] - costs[life - 10])


def test_a_battery_never_leaves_its_limits() -> None:
    battery_mj = 3.0
    for step in range(400):
        if step % 3:
            battery_mj = energy.spend(battery_mj, 3.7, boost=True, mode=True).battery_mj
        else:
            battery_mj = energy.save(battery_mj, 3.7, charging=step % 2 == 0).battery_mj
        assert 0.0 <= battery_mj <= energy.CAPACITY_MJ


def test_overtake_mode_gains_more_than_boost_alone() -> None:
    both = energy.spend(3.0, 3.7, boost=True, mode=True)
    boost = energy.spend(3.0, 3.7, boost=True, mode=False)

    assert both.gain_s > boost.gain_s > 0.0
    assert both.battery_mj < boost.battery_mj


@pytest.mark.slow
def test_overtake_mode_raises_the_rate_of_passes() -> None:
    seeds = range(160)

    with_mode = sum(passed_on_track(duel(s, advantage_s=0.8), 15) for s in seeds)
    without = sum(passed_on_track(duel(s, advantage_s=0.8, overtake_mode=False), 15) for s in seeds)

    assert with_mode > without + 10


@pytest.mark.slow
def test_a_car_on_fresher_tyres_passes_more_often() -> None:
    seeds = range(60)

    fresher = sum(passed_on_track(duel(s, advantage_s=0.3, tyre_ages=(16, 4)), 15) for s in seeds)
    equal = sum(passed_on_track(duel(s, advantage_s=0.3, tyre_ages=(10, 10)), 15) for s in seeds)

    assert fresher > equal + 15


@pytest.mark.slow
def test_stopping_first_undercuts() -> None:
    worn = (16, 16)

    def mean_lead_s(stops: tuple[int, int]) -> float:
        races = (duel(s, laps=20, tyre_ages=worn, stops=stops) for s in range(80))
        leads = [lead_of_second_s(race, 15) for race in races]
        return mean(lead for lead in leads if lead is not None)

    assert mean_lead_s((13, 10)) > mean_lead_s((10, 13)) + 1.0
