"""Write the list of all features as a page of the documentation."""

from __future__ import annotations

from typing import Final

from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.features import FEATURES, GROUPS
from pitwall.prediction.reasons import topic_of

_INTRO: Final = """\
# Features

Written by `python -m ml.evaluate` from the definitions in `pitwall/prediction`; do not edit.

{count} columns of a battle, computed from the race state alone, at the line or anywhere in the lap;
no later message reaches them. Differences are attacker minus defender. A missing value is NaN,
never 0. *Experts* says which experts see a column; the topic is the one that reasons name.
"""


def feature_list() -> str:
    """Return the page as Markdown."""
    lines = [_INTRO.format(count=len(FEATURES))]
    for group, specs in GROUPS.items():
        lines += [
            f"\n## {group.capitalize()}\n",
            "| feature | unit | meaning | from | experts | topic |",
            "|---|---|---|---|---|---|",
        ]
        for spec in specs:
            experts = [name for name in EXPERTS if spec.is_seen_by(name)]
            who = "all" if len(experts) == len(EXPERTS) else ", ".join(map(str.upper, experts))
            lines.append(
                f"| `{spec.name}` | {spec.unit} | {spec.meaning} | {spec.source} | {who} "
                f"| {topic_of(spec.name)} |"
            )
    return "\n".join(lines) + "\n"
