"""Write the model card: what the mixture is, how good it is, and where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ml import card_texts
from ml.split_scores import BINS, GAP_ONLY, MIXTURE, POOLED
from pitwall.prediction.bundle import Bundle
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.features import FEATURES

Scores = Mapping[str, Any]
_CIRCUITS_SHOWN: Final = 24


def model_card(bundle: Bundle) -> str:
    """Return the card of an evaluated bundle as Markdown."""
    splits: Mapping[str, Scores] = bundle.scores["splits"]
    training = bundle.training
    lines = [
        card_texts.INTRO.format(
            version=bundle.version,
            trained_at=f"{bundle.trained_at:%Y-%m-%d}",
            rows=training["rows"],
            passes=training["passes"],
            races=training["races"],
            first=training["years"][0],
            last=training["years"][1],
            columns=len(FEATURES),
            folds=training["folds"],
            rules=bundle.knowledge.rules.version,
        ),
        *_experts(bundle),
        card_texts.SCORES,
    ]
    for name, scores in splits.items():
        lines += _split(name, scores)
    return "\n".join([*lines, card_texts.LIMITS])


def _experts(bundle: Bundle) -> Iterator[str]:
    yield "\n| expert | learner | trees | columns of its own view | sees in all |"
    yield "|---|---|---|---|---|"
    for name in EXPERTS:
        own = sum(name in spec.views for spec in FEATURES)
        seen = sum(spec.is_seen_by(name) for spec in FEATURES)
        learner = bundle.training["libraries"][name]
        yield f"| {name.upper()} | {learner} | {bundle.training['trees'][name]} | {own} | {seen} |"
    gate, stacker = bundle.parts.gate, bundle.parts.stacker
    yield "\nThe gate is the softmax of the context times these weights; AERO's are 0.\n"
    yield "| context | OM | BOOST |"
    yield "|---|---|---|"
    for term, weights in zip(gate.terms, gate.weights.tolist(), strict=True):
        yield f"| {term.replace('_', ' ')} | {weights[0]:+.3f} | {weights[1]:+.3f} |"
    slopes = ", ".join(f"{slope:.2f}" for slope in stacker.slopes.tolist())
    residuals = ", ".join(f"{weight:+.2f}" for weight in stacker.residual_weights.tolist())
    yield (
        f"\nThe stacker has slopes {slopes} (logits below -4, between, above 0), intercept "
        f"{stacker.intercept:+.2f}, and weights {residuals} of the running residuals of race, "
        "attacker and defender."
    )


def _split(name: str, scores: Scores) -> Iterator[str]:
    yield f"\n## {name.capitalize()}\n"
    yield f"{scores['rows']:,} battles of {scores['races']} races, {scores['passes']:,} passes.\n"
    yield "| next lap | log-loss | Brier | ROC AUC | PR AUC | ECE | slope | intercept |"
    yield "|---|---|---|---|---|---|---|---|"
    for forecast, one in scores["next_lap"].items():
        yield _score_row(forecast, one)
    yield (
        f"\nA perfectly calibrated forecast of these rows would show an ECE of "
        f"{scores['perfect_ece']:.4f}.\n"
    )
    yield _gain(f"Log-loss gain of the mixture over {POOLED}", scores["gain_over_pooled"][MIXTURE])
    yield "\n| expert | gain alone over gap only | cost of leaving it out | weight, mean (sd) |"
    yield "|---|---|---|---|"
    for expert in EXPERTS:
        share = scores["shares"][expert]
        yield (
            f"| {expert.upper()} | {_interval(scores['gain_over_gap_only'][expert])} "
            f"| {_verdict(scores['cost_without'][expert])} | {share[0]:.3f} ({share[1]:.3f}) |"
        )
    yield from _reliability(name, scores["reliability"])
    yield from _three_laps(scores["three_laps"])
    yield from _interruption(scores["interruption"])
    if "cost_without_group" in scores:
        yield from _groups(scores["cost_without_group"])
    yield from _cadence(scores["cadence"])
    if "chained" in scores:
        yield from _chained(scores["chained"])
    yield from _regimes(scores["by_regime"])
    yield from _circuits(scores["by_circuit"])


def _score_row(name: str, one: Scores) -> str:
    line = "- | -" if one["slope"] is None else f"{one['slope']:.2f} | {one['intercept']:+.2f}"
    shown = f"**{name}**" if name == MIXTURE else name.upper() if name in EXPERTS else name
    return (
        f"| {shown} | {one['log_loss']:.4f} | {one['brier']:.4f} | {one['roc_auc']:.3f} "
        f"| {one['pr_auc']:.3f} | {one['ece']:.4f} | {line} |"
    )


def _interval(values: list[float]) -> str:
    gain, low, high = values
    return f"{gain:+.4f} [{low:+.4f}, {high:+.4f}]"


def _verdict(values: list[float]) -> str:
    """Return the cost of leaving something out, and whether it is certain."""
    return _interval(values) + ("" if values[1] > 0 else ": not certain to cost anything")


def _gain(what: str, values: list[float]) -> str:
    verdict = "above 0" if values[1] > 0 else "not certain to be above 0"
    return f"{what}: {_interval(values)}, {verdict}."


def _reliability(name: str, bins: list[Scores]) -> Iterator[str]:
    yield f"\n### Reliability\n\n![Reliability, {name}](pictures/reliability-{name[-4:]}.svg)\n"
    yield f"{BINS} bins of equal numbers; the interval is the 95 % interval of the observed rate.\n"
    yield "| battles | passes | forecast | observed | interval |"
    yield "|---|---|---|---|---|"
    for one in bins:
        low, high = one["interval"]
        yield (
            f"| {one['count']} | {one['passes']} | {one['forecast']:.4f} | {one['observed']:.4f} "
            f"| {low:.4f} to {high:.4f} |"
        )


def _three_laps(scores: Scores) -> Iterator[str]:
    yield "\n### Three laps\n"
    yield "| forecast | log-loss | Brier | ROC AUC | PR AUC | ECE | slope | intercept |"
    yield "|---|---|---|---|---|---|---|---|"
    yield _score_row("one model alone", scores["alone"])
    yield _score_row(MIXTURE, scores[MIXTURE])
    yield "\n" + _gain("Gain over that model alone", scores["gain_over_alone"])


def _interruption(scores: Scores) -> Iterator[str]:
    yield "\n### Interrupted before it is decided\n"
    yield (
        f"{scores['rows']:,} battles that can be forecast, decided or not. Log-loss of the "
        f"four outcomes: {scores['log_loss']:.4f}; of the training's rates alone: "
        f"{scores['log_loss_of_rates']:.4f}. Interrupted or not: ROC AUC "
        f"{scores['interrupted']['roc_auc']:.3f}, ECE {scores['interrupted']['ece']:.4f}.\n"
    )
    yield "| outcome | forecast | observed |"
    yield "|---|---|---|"
    for outcome, one in scores["by_outcome"].items():
        yield f"| {outcome} | {one['forecast']:.4f} | {one['observed']:.4f} |"


def _groups(costs: Mapping[str, list[float]]) -> Iterator[str]:
    yield "\n### Without each group of features\n"
    yield (
        "The experts are fitted again without the group; gate and stacker stay. Groups contain "
        "much of each other's information, so the costs do not add up.\n"
    )
    yield "| group | cost in log-loss |"
    yield "|---|---|"
    for group, values in sorted(costs.items(), key=lambda one: -one[1][0]):
        yield f"| {group} | {_verdict(values)} |"


def _cadence(scores: Scores) -> Iterator[str]:
    yield "\n### Between the lines\n"
    yield card_texts.CADENCE.format(
        rows=scores["rows"], battles=scores["battles"], races=scores["races"],
        passes=scores["passes"],
    )  # fmt: skip
    yield "| forecast | log-loss | Brier | ROC AUC | PR AUC | ECE | slope | intercept |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, one in scores["scores"].items():
        yield _score_row(name, one)
    yield "\n" + _gain(f"Log-loss gain over {GAP_ONLY}", scores["gain_over_gap_only"]) + "\n"
    yield "| rows | forecast | observed |"
    yield "|---|---|---|"
    for one in scores["reliability"]:
        yield f"| {one['count']} | {one['forecast']:.4f} | {one['observed']:.4f} |"


def _chained(scores: Scores) -> Iterator[str]:
    yield "\n### Race by race\n"
    yield (
        "The same season race by race: each race is forecast by members fitted on all races before "
        "it, this season's included, and calibrated on their forecasts of those.\n"
    )
    yield "| forecast | log-loss | Brier | ROC AUC | PR AUC | ECE | slope | intercept |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, one in scores["scores"].items():
        yield _score_row(name, one)
    yield "\n" + _gain(f"Gain of the mixture over {POOLED}", scores["gain_over_pooled"])


def _regimes(regimes: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield "\n### By the rules of the seasons\n"
    yield (
        "The training years. Members that had not seen a race forecast it; gate and stacker had "
        "seen it. The columns are log-loss, and the mixture's calibration.\n"
    )
    yield f"| rules | battles | passes | {GAP_ONLY} | {POOLED} | {MIXTURE} | ECE | slope |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, one in regimes.items():
        yield (
            f"| {name} | {one['battles']} | {one['passes']} | {one[GAP_ONLY]:.4f} "
            f"| {one[POOLED]:.4f} | {one[MIXTURE]:.4f} | {one['ece']:.4f} | {one['slope']:.2f} |"
        )


def _circuits(circuits: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield "\n### By circuit\n"
    yield "Log-loss. A circuit has one race (two with a sprint), so differences are mostly luck.\n"
    yield f"| circuit | battles | passes | {GAP_ONLY} | {POOLED} | {MIXTURE} |"
    yield "|---|---|---|---|---|---|"
    for circuit, one in list(circuits.items())[:_CIRCUITS_SHOWN]:
        yield (
            f"| {circuit} | {one['battles']} | {one['passes']} | {one[GAP_ONLY]:.4f} "
            f"| {one[POOLED]:.4f} | {one[MIXTURE]:.4f} |"
        )
