"""Test the rules of all seasons, as data."""

from pathlib import Path

import numpy as np
import pytest

from ml.rulebook import read_rules
from pitwall.errors import ModelError
from pitwall.prediction.rules import Rules


def test_every_season_from_2018_has_rules() -> None:
    rules = read_rules()
    systems = {year: rules.of(year).system for year in range(2018, 2027)}  # type: ignore[union-attr]  # None fails here too
    assert set(systems.values()) == {"DRS", "Overtake Mode"}
    assert [year for year, system in systems.items() if system == "Overtake Mode"] == [2026]
    assert rules.of(2017) is None


def test_the_2026_power_limits_are_the_published_lines() -> None:
    regime = read_rules().of(2026)
    assert regime is not None
    speeds = np.array([100.0, 290.0, 300.0, 330.0, 340.0, 342.0, 345.0, 350.0])
    usual = np.clip(np.where(speeds < 340, 1800 - 5 * speeds, 6900 - 20 * speeds), 0, 350)
    np.testing.assert_allclose(regime.motor_at(speeds), usual, atol=1e-9)
    mode = np.clip(7100 - 20 * speeds, 0, 350)
    np.testing.assert_allclose(regime.motor_at(speeds, overtake=True), mode, atol=1e-9)


def test_rules_survive_being_written_and_read() -> None:
    rules = read_rules()
    assert Rules.from_document(rules.to_document()) == rules
    assert Rules.from_document(rules.to_document()).version == rules.version != Rules().version


@pytest.mark.parametrize(
    ("text", "what"),
    [("name = ", "bad.toml"), ("name = 'x'", "bad.toml"), ("[overtaking]\n[energy]", "bad.toml")],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ModelError, match=what):
        read_rules(tmp_path)


def test_two_regimes_for_one_season_are_refused() -> None:
    document = read_rules().to_document()
    document[0]["last_season"] = 2022
    with pytest.raises(ModelError, match="same season"):
        Rules.from_document(document)
