"""Where a replay stands, and how its clock runs, ready to draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class HeadRow:
    """The read head of one tab.

    Attributes:
        at_s, length_s, seen_s: Race seconds from the timeline's beginning: now, in all, and the
            furthest that was shown.
        at: The moment, UTC, ISO 8601: what a permalink names.
        spoken: Where it stands, in words for the slider.
        race_id: "" until a race is open.
        battle: Attacker and defender by number, such as `4-81`; "" while none is chosen.
        battle_words: The same in letters.
        title: Why nothing is shown, if nothing is; else "".
    """

    at_s: float = 0.0
    length_s: float = 1.0
    seen_s: float = 0.0
    at: str = ""
    spoken: str = ""
    playing: bool = False
    speed: str = "1"
    race_id: str = ""
    battle: str = ""
    battle_words: str = ""
    veiled: bool = False
    title: str = ""
    detail: str = ""
