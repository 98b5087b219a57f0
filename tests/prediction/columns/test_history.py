"""Test that tables of earlier seasons count the past alone and are neutral for unknown names."""

from __future__ import annotations

import json
import math

from pitwall.prediction.columns.history import (
    Histories,
    Names,
    PastBattle,
    SeasonHistory,
    count_histories,
    count_history,
    values,
)

HERE = Names("Monza", "VER", "HAM", "Red Bull", "Ferrari")


def test_only_earlier_seasons_count() -> None:
    outcomes = [PastBattle(2023, HERE, 0.5, 1.0), PastBattle(2024, HERE, 0.5, 1.0)]

    assert count_history(outcomes, 2023) == SeasonHistory()
    assert count_history(outcomes, 2024) == count_history(outcomes[:1], 2024)


def test_a_rate_is_shrunk_passes_against_shrunk_expectation() -> None:
    tables = count_history([PastBattle(2024, HERE, 0.125, 1.0)] * 2, 2025)

    assert tables.circuit["monza"] == round(math.log((2 + 5) / (2 * 0.59 + 5)), 6)
    assert tables.attacker["VER"] == round(math.log((2 + 10) / (2 * 0.59 + 10)), 6)


def test_each_season_has_tables_of_those_before_it_and_the_next_one_of_all() -> None:
    outcomes = [PastBattle(2023, HERE, 0.5, 1.0), PastBattle(2024, HERE, 0.5, 1.0)]
    histories = count_histories(outcomes)

    assert sorted(histories.by_season) == [2024, 2025]
    assert histories.of(2024) == count_history(outcomes, 2024)
    assert histories.of(2025) == histories.of(2031) == histories.of(0)
    assert histories.of(2023) == SeasonHistory()
    assert Histories().of(2025) == SeasonHistory()
    assert Histories.from_document(json.loads(json.dumps(histories.to_document()))) == histories


def test_teams_are_of_one_season_and_drivers_of_three() -> None:
    tables = count_history([PastBattle(2022, HERE, 0.5, 1.0)], 2025)

    assert "VER" in tables.attacker
    assert not tables.attacker_team


def test_an_unknown_name_is_neutral() -> None:
    columns = values(SeasonHistory(), [HERE])

    assert all(column.tolist() == [0.0] for column in columns.values())


def test_the_tables_survive_json() -> None:
    tables = count_history([PastBattle(2024, HERE, 0.5, 1.0)], 2025)

    assert SeasonHistory.from_document(json.loads(json.dumps(tables.to_document()))) == tables
