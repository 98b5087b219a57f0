"""Test that a simulated race is plausible, and the same for the same seed."""

from __future__ import annotations

from statistics import median

import pytest

from pitwall.domain.race import TrackStatus
from pitwall.feeds.simulated.lap_shape import CIRCUITS, measure
from pitwall.feeds.simulated.setup import TEAMS
from pitwall.feeds.simulated.truth import Truth, simulate

SEEDS = (1, 2, 3, 4, 5, 6)


@pytest.fixture(scope="module")
def truths() -> list[Truth]:
    return [simulate(seed) for seed in SEEDS]


def test_every_circuit_has_a_believable_lap() -> None:
    for circuit in CIRCUITS:
        shape = measure(circuit)
        fastest = max(spot.speed_kmh for spot in shape.spots)

        assert 70.0 < shape.lap_s < 100.0
        assert 290.0 < fastest < 350.0
        assert 20 <= len(shape.minis) <= 60
        assert sum(mini.zone > 0.5 for mini in shape.minis) >= 2
        assert 300_000 < circuit.laps * circuit.length_m < 320_000


def test_numbers_codes_and_colours_are_distinct() -> None:
    drivers = [driver for team in TEAMS for driver in team.drivers]

    assert len({number for number, *_ in drivers}) == 22
    assert len({code for _, code, *_ in drivers}) == 22
    assert len({team.colour for team in TEAMS}) == 11


def test_the_same_seed_is_the_same_race_and_another_is_not(truths: list[Truth]) -> None:
    assert simulate(SEEDS[0]) == truths[0]
    assert truths[0].laps_done != truths[1].laps_done


def test_the_winner_covers_the_distance_and_all_are_classified(truths: list[Truth]) -> None:
    for truth in truths:
        winner = truth.laps_of(truth.final_order[0])

        assert winner[-1].lap == truth.setup.laps
        assert winner[-1].at_s == truth.finished_at_s
        assert sorted(truth.final_order) == sorted(e.number for e in truth.setup.entrants)


def test_laps_follow_one_another_without_holes(truths: list[Truth]) -> None:
    for truth in truths:
        for number in truth.final_order:
            laps = truth.laps_of(number)

            assert [lap.lap for lap in laps] == list(range(1, len(laps) + 1))
            assert sum(lap.lap_time_s for lap in laps) == pytest.approx(
                laps[-1].at_s if laps else 0.0
            )


def test_gaps_at_the_line_are_the_differences_of_the_crossings(truths: list[Truth]) -> None:
    truth = truths[0]
    at = {(lap.lap, lap.position): lap.at_s for lap in truth.laps_done}

    pairs = [
        (lap.interval_s, lap.at_s - at[lap.lap, lap.position - 1])
        for lap in truth.laps_done
        if lap.interval_s is not None and (lap.lap, lap.position - 1) in at
    ]
    agreeing = sum(told == pytest.approx(meant) for told, meant in pairs)

    # The others: the car ahead at the line was passed before the next one got there.
    assert len(pairs) > 500
    assert agreeing > 0.95 * len(pairs)


def test_who_finishes_on_slicks_has_used_two_compounds(truths: list[Truth]) -> None:
    for truth in truths:
        for number in truth.final_order:
            laps = truth.laps_of(number)
            if laps and laps[-1].finished:
                assert len({lap.tyres.compound for lap in laps}) >= 2


def test_lap_times_spread_like_a_field_s(truths: list[Truth]) -> None:
    for truth in truths:
        clean = [
            median(lap.lap_time_s for lap in laps)
            for number in truth.final_order
            if len(laps := truth.laps_of(number)) > 20
        ]

        assert 0.008 < (max(clean) - min(clean)) / min(clean) < 0.06


def test_a_race_has_its_share_of_trouble(truths: list[Truth]) -> None:
    stopped = sum(len(truth.stopped) for truth in truths)
    stops = sum(len(truth.pit_stops) for truth in truths)
    neutral = {TrackStatus.SAFETY_CAR, TrackStatus.VIRTUAL_SAFETY_CAR}

    assert 1 <= stopped / len(truths) <= 5
    assert 20 <= stops / len(truths) <= 45
    assert any(span.status in neutral for truth in truths for span in truth.statuses)


def test_the_field_bunches_behind_the_safety_car(truths: list[Truth]) -> None:
    for truth in truths:
        for span in truth.statuses:
            if span.status is not TrackStatus.SAFETY_CAR or span.end_s >= truth.finished_at_s:
                continue
            gaps = [
                lap.interval_s
                for lap in truth.laps_done
                if span.end_s - 5.0 < lap.at_s < span.end_s + 60.0 and lap.interval_s is not None
            ]

            assert median(gaps) < 2.5


def test_overtake_mode_is_used_only_when_enabled() -> None:
    never = simulate(1, 20, overtake_mode=False)
    usual = simulate(1, 20)

    assert not any(lap.mode for lap in never.laps_done)
    assert sum(lap.mode for lap in usual.laps_done) > 20
    assert all(0.0 <= lap.battery_mj <= 4.0 for lap in usual.laps_done)
