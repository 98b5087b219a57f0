"""Draw what a small screen needs: a header of one line that stays in view, and tabs.

`assets/layout.css` shows both below 900 px only, and there one of the views at a time.
"""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.header_rows import HeaderRow
from pitwall.web.shared.standing_rows import SessionRow

_VIEWS = (
    ("battles", "Battles", "Standings"),
    ("tower", "Tower", ""),
    ("map", "Map", "Map"),
    ("control", "Control", "Control"),
)
"""Each view, its name in a race, and its name in qualifying and practice: "" has it not."""


def phone_header(header: rx.Var[HeaderRow], session: rx.Var[SessionRow]) -> rx.Component:
    """Draw lap or clock, flag, overtaking aid and kind of data in one line."""
    return rx.el.div(
        rx.el.div(
            rx.el.p(header.race, class_name="mini-race", role="heading", aria_level=1),
            rx.el.p(
                rx.cond(
                    session.is_timed,
                    rx.fragment(session.part, " ", rx.el.strong(session.clock)),
                    rx.fragment(
                        "Lap ",
                        rx.el.strong(header.lap),
                        rx.el.span(" of ", header.total_laps),
                    ),
                ),
                class_name="mini-lap",
            ),
            class_name="mini-title",
        ),
        rx.el.p(header.flag_word, class_name=f"mini-flag flag-{header.flag}"),
        rx.el.div(
            rx.el.p(
                rx.el.span(header.overtake_label, class_name="sr-only"),
                rx.el.span(class_name="bulb", aria_hidden="true"),
                header.overtake_word,
                class_name=f"mini-aid aid-{header.overtake}",
            ),
            rx.el.p(
                header.source_word,
                title=header.source_word,
                class_name=f"mini-source source-{header.source}",
            ),
            class_name="mini-mode",
        ),
        class_name="mini",
    )


def phone_tabs(session: rx.Var[SessionRow]) -> rx.Component:
    """Draw the tabs: radio buttons, of which the style sheet reads the one that is checked."""
    return rx.el.fieldset(
        rx.el.legend("Show", class_name="sr-only"),
        *[_tab(view, in_race, timed, session) for view, in_race, timed in _VIEWS],
        class_name="tabs",
    )


def _tab(view: str, in_race: str, timed: str, session: rx.Var[SessionRow]) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="view",
            value=view,
            id=f"view-{view}",
            default_checked=view == "battles",
            class_name="sr-only",
        ),
        rx.cond(session.is_timed, timed or in_race, in_race),
        class_name=f"tab tab-{view}",
    )
