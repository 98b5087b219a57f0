"""Tables of earlier seasons: counted from the past, shrunk, neutral for unknown names."""

from __future__ import annotations

import json
import math

from pitwall.prediction.columns.history import Names, Outcome, SeasonHistory, count_history, values

HERE = Names("Monza", "VER", "HAM", "Red Bull", "Ferrari")


def test_only_earlier_seasons_count() -> None:
    outcomes = [Outcome(2023, HERE, 0.5, 1.0), Outcome(2024, HERE, 0.5, 1.0)]

    assert count_history(outcomes, 2023) == SeasonHistory()
    assert count_history(outcomes, 2024) == count_history(outcomes[:1], 2024)


def test_a_rate_is_shrunk_passes_against_shrunk_expectation() -> None:
    tables = count_history([Outcome(2024, HERE, 0.125, 1.0)] * 2, 2025)

    assert math.isclose(tables.circuit["monza"], math.log((2 + 5) / (2 * 0.59 + 5)))
    assert math.isclose(tables.attacker["VER"], math.log((2 + 10) / (2 * 0.59 + 10)))


def test_teams_are_of_one_season_and_drivers_of_three() -> None:
    tables = count_history([Outcome(2022, HERE, 0.5, 1.0)], 2025)

    assert "VER" in tables.attacker
    assert not tables.attacker_team


def test_an_unknown_name_is_neutral() -> None:
    columns = values(SeasonHistory(), [HERE])

    assert all(column.tolist() == [0.0] for column in columns.values())


def test_the_tables_survive_json() -> None:
    tables = count_history([Outcome(2024, HERE, 0.5, 1.0)], 2025)

    assert SeasonHistory.from_document(json.loads(json.dumps(tables.to_document()))) == tables
