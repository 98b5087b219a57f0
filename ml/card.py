"""Write the model card: what the mixture is, how good it is, and where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from ml import card_texts
from ml.split_scores import BINS, GAP_ONLY, MIXTURE, POOLED
from pitwall.prediction.bundle import Bundle
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.columns.topics import owner_of
from pitwall.prediction.features import FEATURES, feature_names
from pitwall.prediction.memory import RESIDUALS
from pitwall.prediction.mixture import PARTS

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
            line=training["rows_at_line"],
            line_passes=training["passes_at_line"],
            races=training["races"],
            first=training["years"][0],
            last=training["years"][1],
            columns=len(FEATURES),
            folds=training["folds"],
            recency=training["recency"],
            line_weight=training["line_weight"],
            rules=bundle.knowledge.rules.version,
        ),
        *_experts(bundle),
        card_texts.SCORES,
    ]
    for name, scores in splits.items():
        lines += _split(name, scores)
    return "\n".join([*lines, card_texts.SMOOTHNESS, card_texts.LIMITS])


def _experts(bundle: Bundle) -> Iterator[str]:
    training = bundle.training
    yield "\n| part | learner | trees | columns of its own | sees in all |"
    yield "|---|---|---|---|---|"
    for name in PARTS:
        own = sum(owner_of(spec.name) == name for spec in FEATURES)
        seen = len(feature_names(name))
        shown = name.upper() if name in EXPERTS else name
        learner = training["libraries"][name]
        yield f"| {shown} | {learner} | {training['trees'][name]} | {own} | {seen} |"
    stacker = bundle.parts.stacker
    factors = np.exp(stacker.gate.weights).tolist()
    offsets = [stacker.intercept, *stacker.offsets.tolist()]
    yield "\nThe gate multiplies what an expert moves by the first row, and in each situation by"
    yield "its row; the last column is what the situation itself adds to the logit.\n"
    yield "| situation | OM | BOOST | AERO | adds |"
    yield "|---|---|---|---|---|"
    for term, row, adds in zip(("always", *stacker.gate.terms), factors, offsets, strict=True):
        cells = " | ".join(f"{factor:.2f}" for factor in row)
        yield f"| {term.replace('_', ' ')} | {cells} | {adds:+.2f} |"
    slopes = ", ".join(f"{slope:.2f}" for slope in stacker.slopes.tolist())
    residuals = ", ".join(f"{weight:+.2f}" for weight in stacker.residual_weights.tolist())
    yield (
        f"\nThe situation's logit has slopes {slopes} (below -4, between, above 0). The running "
        f"residuals of {', '.join(RESIDUALS)} have weights {residuals}."
    )


def _split(name: str, scores: Scores) -> Iterator[str]:
    yield f"\n## {name.capitalize()}\n"
    yield "### At the line\n"
    yield from _rows(scores["line"])
    yield from _reliability(name, "", scores["line"]["reliability"])
    yield "\n### At any second\n"
    yield "Clean moments, one every five seconds.\n"
    yield from _rows(scores["seconds"])
    yield from _reliability(name, "-seconds", scores["seconds"]["reliability"])
    yield from _kinds(scores)
    yield from _contributions(scores["contributions"])
    yield from _three_laps(scores["three_laps"])
    yield from _kept(scores["kept"])
    yield from _interruption(scores["interruption"])
    if "cost_without_group" in scores:
        yield from _groups(scores["cost_without_group"])
    yield from _cadence(scores["cadence"])
    if "chained" in scores:
        yield from _chained(scores["chained"])
    yield from _regimes(scores["by_regime"])
    yield from _circuits(scores["by_circuit"])


def _rows(scores: Scores) -> Iterator[str]:
    yield f"{scores['rows']:,} battles of {scores['races']} races, {scores['passes']:,} passes.\n"
    yield "| next lap | log-loss | Brier | ROC AUC | PR AUC | ECE | slope | intercept |"
    yield "|---|---|---|---|---|---|---|---|"
    for forecast, one in scores["scores"].items():
        shown = f"situation and {forecast.upper()}" if forecast in EXPERTS else forecast
        yield _score_row(shown, one)
    yield (
        f"\nA perfectly calibrated forecast of these rows would show an ECE of "
        f"{scores['perfect_ece']:.4f}.\n"
    )
    yield _gain(f"Log-loss gain of the mixture over {POOLED}", scores["gain_over_pooled"])
    yield ""
    yield _gain(f"Over {GAP_ONLY}", scores["gain_over_gap_only"])
    yield "\n| expert | cost of leaving it out |"
    yield "|---|---|"
    for expert in EXPERTS:
        yield f"| {expert.upper()} | {_verdict(scores['cost_without'][expert])} |"


def _kinds(scores: Scores) -> Iterator[str]:
    covered = scores["coverage"]
    yield "\n### By condition\n"
    refused = ", ".join(f"{count:,} {why}" for why, count in covered["refused"].items())
    yield (
        f"{covered['share']:.1%} of {covered['moments']:,} decided moments have a forecast; "
        f"without one: {refused or 'none'}. Here the gap alone is fitted on moments of the same "
        "condition; *width* is the mean width of the 90 % interval.\n"
    )
    yield (
        f"| condition | moments | passes | {GAP_ONLY} | {MIXTURE} | PR AUC | slope | ECE | gain "
        "| width |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for kind, one in scores["kinds"].items():
        if MIXTURE not in one:
            yield f"| {kind} | {one['rows']:,} | {one['passes']:,} | - | - | - | - | - | - | - |"
            continue
        own = one[MIXTURE]
        yield (
            f"| {kind} | {one['rows']:,} | {one['passes']:,} | {one['gap_only']['log_loss']:.4f} "
            f"| {own['log_loss']:.4f} | {own['pr_auc']:.3f} | {own['slope']:.2f} "
            f"| {own['ece']:.4f} | {_verdict(one['gain_over_gap_only'])} "
            f"| {one['interval_width']:.3f} |"
        )
    together = scores["all_kinds"]
    yield (
        f"\nAll conditions together: {together['rows']:,} moments, log-loss "
        f"{together['scores']['log_loss']:.4f}, slope {together['scores']['slope']:.2f}, ECE "
        f"{together['scores']['ece']:.4f} (a perfect forecast: {together['perfect_ece']:.4f})."
    )


def _contributions(scores: Scores) -> Iterator[str]:
    yield "\n### What the experts move\n"
    yield "Clean moments; logits. The situation's own logit has a standard deviation of "
    yield f"{scores['sd_of_situation']:.2f}.\n"
    yield "| expert | standard deviation | share of the moved logit, mean (sd) |"
    yield "|---|---|---|"
    for expert in EXPERTS:
        mean, spread = scores["shares"][expert]
        yield f"| {expert.upper()} | {scores['sd'][expert]:.2f} | {mean:.2f} ({spread:.2f}) |"
    pairs = "; ".join(
        f"{pair.upper().replace(' ', ' and ')} {r:+.2f}"
        for pair, r in scores["correlation"].items()
    )
    yield f"\nCorrelation: {pairs}."


def _kept(scores: Scores) -> Iterator[str]:
    yield "\n### Passes that stand\n"
    yield (
        f"`p_kept`: {scores['rows']:,} battles with a pass in the next lap whose next two laps "
        f"were not interrupted; {scores['stood']:,} stood."
    )
    if MIXTURE in scores:
        yield "\n| forecast | log-loss | Brier | ROC AUC | PR AUC | ECE | slope | intercept |"
        yield "|---|---|---|---|---|---|---|---|"
        yield _score_row("the training's rate", scores["rate"])
        yield _score_row("p_kept", scores[MIXTURE])
        yield "\n" + _gain("Gain over the rate", scores["gain_over_rate"])


def _score_row(name: str, one: Scores) -> str:
    line = "- | -" if one["slope"] is None else f"{one['slope']:.2f} | {one['intercept']:+.2f}"
    shown = f"**{name}**" if name == MIXTURE else name
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


def _reliability(name: str, rows: str, bins: list[Scores]) -> Iterator[str]:
    yield f"\n![Reliability, {name}](pictures/reliability-{name[-4:]}{rows}.svg)\n"
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
        "The pooled model, at the line, fitted again without the group. Groups contain "
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
        f"The same season race by race, {scores['races']} races: each is forecast by parts fitted "
        "on all races before it, this season's included, with the season's residual so far.\n"
    )
    yield "| rows | forecast | log-loss | PR AUC | ECE | slope |"
    yield "|---|---|---|---|---|---|"
    for rows in ("line", "seconds"):
        for name, one in scores[rows]["scores"].items():
            yield (
                f"| {rows} | {name} | {one['log_loss']:.4f} | {one['pr_auc']:.3f} "
                f"| {one['ece']:.4f} | {one['slope']:.2f} |"
            )
    yield "\n" + _gain("Gain at the line", scores["line"]["gain_over_frozen"])
    yield "\n" + _gain("Gain at clean seconds", scores["seconds"]["gain_over_frozen"])


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
