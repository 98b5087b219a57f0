"""Write the list of all features as a page of the documentation."""

from __future__ import annotations

from typing import Final

from pitwall.prediction.columns.topics import INTERACTING, owner_of, topic_of
from pitwall.prediction.features import FEATURES, GROUPS

_INTRO: Final = """\
# Features

`python -m ml.evaluate` writes this page from the definitions in `pitwall/prediction`. Do not edit.

The model sees {count} features of a battle. They are computed from the race state alone, at the
line or anywhere in the lap, and nothing later than that state reaches them. Differences are
attacker minus defender. A missing value stays missing and is never 0. The column *part* says which
part of the mixture a feature belongs to, `*` that every expert reads it too, and *topic* is its
topic in reasons.
"""


def feature_list() -> str:
    """Return the page as Markdown."""
    lines = [_INTRO.format(count=len(FEATURES))]
    for group, specs in GROUPS.items():
        lines += [
            f"\n## {group.capitalize()}\n",
            "| feature | unit | meaning | from | part | topic |",
            "|---|---|---|---|---|---|",
        ]
        for spec in specs:
            who = owner_of(spec.name) + (" *" if spec.name in INTERACTING else "")
            lines.append(
                f"| `{spec.name}` | {spec.unit} | {spec.meaning} | {spec.source} | {who} "
                f"| {topic_of(spec.name)} |"
            )
    return "\n".join(lines) + "\n"
