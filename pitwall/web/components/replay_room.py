"""The slot on the replay page where panels about the chosen battle are drawn.

Panels learn what is looked at through `pitwall.web.states.following`, and are added here.
"""

from __future__ import annotations

import reflex as rx


def replay_room() -> rx.Component:
    """Draw the panels about the battle that is looked at, one below the other."""
    return rx.el.section(*_panels(), id="replay-room", aria_label="The chosen battle")


def _panels() -> list[rx.Component]:
    return []
