"""The model card says what the model file and its judgement say."""

from __future__ import annotations

from ml.card import model_card
from ml.evaluation import Split, judge
from ml.fitting import fit
from ml.midlap import MidLap
from pitwall.prediction.features import feature_names
from tests.ml.tables import a_table


def test_the_card_tells_features_scores_and_failures() -> None:
    table = a_table()
    model = fit(table)
    result = judge(table, Split(2024))
    midlap = [MidLap(0.5, 1234, 0.051, 0.049, 0.13, 0.92, 0.005)]

    card = model_card(model, [result], [result], midlap)

    assert all(f"| `{name}` |" in card for name in feature_names())
    assert f"{result.scores['first-logistic'].log_loss:.4f}" in card
    assert f"| {result.bins[-1].count} | {result.bins[-1].passes} |" in card
    assert "| 50% | 1,234 | 0.0510 | 0.0490 | 0.1300 | 0.920 | 0.0050 |" in card
    assert "## Where it is wrong" in card
    assert "nan" not in card.lower().split()
