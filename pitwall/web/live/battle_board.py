"""Draw the battles under way: one on the stage, and all of them as a dense list."""

from __future__ import annotations

from typing import Any, Final

import reflex as rx

from pitwall.web.live.experts import (
    ESTIMATED,
    IN_THREE,
    INTERVAL,
    KEPT,
    POINTS,
    SITUATION,
    SUBJECTS,
    VIEWS,
)
from pitwall.web.shared.battle_rows import BattleCardRow
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.tower_rows import TowerRow

WORDS: Final[dict[str, Any]] = {
    "list": "Battles",
    "attacks": "attacks",
    "for": "for",
    "overtake": "Overtake, estimated",
    "forecast": "forecast",
    "no_forecast": "No forecast:",
    "none": "no forecast",
    "old": "Old reading",
    "unlikely_title": "Below 5 %",
    "interval": "90 % interval: ",
    "interval_title": INTERVAL,
    "three": "in 3 laps",
    "three_title": IN_THREE,
    "first": "stop or flag first",
    "first_title": "Chance that the battle is interrupted within the next lap: by a pit stop {pit} "
    "%, by a safety car or red flag {flag} %, by a retirement {retired} %. The forecast assumes "
    "that none of these comes first",
    "reasons": "Reasons",
    "points_title": POINTS,
    "moves_title": "{name} moves the forecast by this many percentage points, {weight} % of what "
    "the experts move",
    "estimated_title": ESTIMATED,
    "estimated": "estimated",
    "est": "est.",
    "experts": "Experts, each with weight and forecast",
    "says": "says",
    "views": VIEWS,
    "subjects": SUBJECTS,
    "takes": "takes",
    "adds": "adds",
    "point": "point",
    "points": "points",
    "alone": "The situation alone gives",
    "makes": "which makes",
    "under": "less than 5 %",
    "situation": "situation",
    "situation_title": SITUATION,
    "kept": "if passed, stands:",
    "kept_title": KEPT,
    "gap_drawn": "Gap, 5 laps",
    "chance_drawn": "forecast",
    "no_lap": "No lap of both yet.",
    "lap": "Lap",
    "apart": "Apart",
    "laps_caption": "The last lap that both have completed",
    "parts": {
        "Lap": "Lap time",
        "S1": "First sector",
        "S2": "Second sector",
        "S3": "Third sector",
        "I1": "Speed trap at the end of the first sector, km/h",
        "I2": "Speed trap at the end of the second sector, km/h",
        "FL": "Speed trap at the finish line, km/h",
        "ST": "Speed trap on the longest straight, km/h",
    },
    "train": "Train of {n}",
    "next": "Next ahead",
    "clear_ahead": "nobody, this is for the lead",
    "behind": "behind",
    "stops": "After a stop",
    "stop_behind": "P{place}, behind {code}",
    "stop_lead": "P1, still in the lead",
    "reach_title": "When the attacker will be within a second, if the gap closes as it does now",
    "laps_title": "How long this battle has lasted",
    "pin": "Pin",
    "unpin": "Unpin",
    "pin_title": "A pinned battle stays here and first in the list; else the hottest one is here",
    "favourite": "favourite",
    "favour_title": "Battles of favourite drivers come first. This browser remembers them",
    "more": "Experts, laps, stops",
    "less": "Less",
}
"""The words of `assets/battle_board.jsx` and `assets/battle_stage.jsx`."""


class BattleBoard(rx.Component):
    """The stage and the list, made by `assets/battle_board.jsx`.

    Attributes:
        cards: The battles in the order in which they are shown.
        readings: Gap and trend of each battle.
        cars: What identifies each car, by number.
        mixes: Interval and experts of each battle that has them.
        reasons: The reasons of each battle.
        traces: The drawing of each battle.
        duels: The last lap of both cars of each battle.
        outlooks: What comes next in each battle.
        stop_note: What a stop is taken to cost.
        tower: Every car in order.
        gaps: Each car's gap and interval.
        chosen: The chosen battle, where the page and not the visitor's browser remembers it.
        held: Whether it does: then a click on a row is left to the page.
        words: The words to use.
    """

    library = "$/public/battle_board.jsx"
    tag = "BattleBoard"

    cards: rx.Var[list[BattleCardRow]]
    readings: rx.Var[dict[str, list[Any]]]
    cars: rx.Var[dict[str, CarRow]]
    mixes: rx.Var[dict[str, list[Any]]]
    reasons: rx.Var[dict[str, list[list[Any]]]]
    traces: rx.Var[dict[str, list[Any]]]
    duels: rx.Var[dict[str, list[Any]]]
    outlooks: rx.Var[dict[str, list[Any]]]
    stop_note: rx.Var[str]
    tower: rx.Var[list[TowerRow]]
    gaps: rx.Var[dict[str, str]]
    chosen: rx.Var[str]
    held: rx.Var[bool]
    words: rx.Var[dict[str, Any]]
