"""Lay out the page for people: what a chance means, how it has done, and what is estimated."""

from __future__ import annotations

import reflex as rx

from pitwall.web.about.state import AboutState, ShareRow
from pitwall.web.shared.plain_page import plain_page, plain_panel
from pitwall.web.shared.typed import as_var


def about_page() -> rx.Component:
    """Lay out the page."""
    return plain_page(
        "About the forecasts",
        plain_panel(
            _heading("What the chance means"),
            rx.el.p(
                "Two cars are in a battle when they are on neighbouring places and less than two "
                "seconds apart. The percentage is the chance that the car behind is ahead ",
                rx.el.strong("one lap from now"),
                ", if neither car pits and the track stays clear.",
            ),
            rx.el.p(
                "It is a chance, not a promise. Of all battles at 30 %, about three in ten should "
                "end in a pass within the lap, and seven should not. A battle at 5 % that ends in "
                "a pass is no mistake by itself: one in twenty does."
            ),
            rx.el.p(
                "Most battles stand at a few percent, since most laps pass without an overtake. "
                "The bracket below a number is its 90 % interval: how far the number itself may "
                "be off."
            ),
        ),
        plain_panel(
            _heading("How it has done"),
            rx.cond(
                as_var(AboutState.nothing) != "",
                rx.el.p(as_var(AboutState.nothing), class_name="quiet"),
                _record(),
            ),
            rx.el.p(
                "Every forecast is written into a ledger that can only be added to. The ",
                rx.el.a("ledger", href="/ledger", reload_document=True),
                " shows the best calls, the worst misses and all scores, and how you can check "
                "that nothing was changed afterwards.",
            ),
        ),
        plain_panel(
            _heading("What it is made from"),
            rx.el.p(
                "Places, gaps, lap and sector times, speed traps, tyres, flags and messages of "
                "race control, as the timing feed sends them. The model starts from the situation "
                "(gap, closing speed, traffic, stage of the race), and three experts move it: OM "
                "for DRS or Overtake Mode, BOOST for electric power, AERO for the wake of the car "
                "ahead. The card says how much each moves it, and why."
            ),
            rx.cond(
                as_var(AboutState.model) != "",
                rx.el.p("Model loaded now: ", rx.el.code(as_var(AboutState.model))),
                rx.el.p("No model is loaded now, so no chances are shown.", class_name="quiet"),
            ),
        ),
        plain_panel(
            _heading("What is estimated, and what nobody knows"),
            rx.el.dl(
                _fact(
                    "Battery",
                    "No car's charge or mode is sent to anybody outside its team. BOOST works from "
                    "speeds and sector times; whatever it says of energy is an estimate.",
                ),
                _fact(
                    "Positions on the map",
                    "Known some times a second where the feed sends them; in between cars are "
                    "moved along the track. Without positions they are placed by their timing.",
                ),
                _fact(
                    "Safety car, virtual safety car, red flag, pit lane, first lap",
                    "No forecast is made. The card says why, and when the next one comes.",
                ),
                _fact(
                    "Reconstructed races",
                    "Made from lap tables of an archive. The page says so; gaps between the lines "
                    "are then less exact.",
                ),
                _fact(
                    "Intentions",
                    "Team orders, faults and plans are not in the data. When the order changes for "
                    "such a reason, the forecast had no way to know.",
                ),
                class_name="facts",
            ),
        ),
        here="/about",
    )


def _heading(words: str) -> rx.Component:
    return rx.el.h2(words, class_name="heading")


def _record() -> rx.Component:
    return rx.fragment(
        rx.el.p(as_var(AboutState.which)),
        rx.el.div(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th("said", scope="col"),
                        rx.el.th("came true", scope="col"),
                        rx.el.th("laps of battles", scope="col"),
                    )
                ),
                rx.el.tbody(rx.foreach(as_var(AboutState.shares), _share)),
            ),
            class_name="chart-table",
            tab_index=0,
            role="region",
            aria_label="How often forecasts came true, scrollable",
        ),
        rx.el.p(as_var(AboutState.better)),
    )


def _share(row: rx.Var[ShareRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.said, scope="row"), rx.el.td(row.came), rx.el.td(row.laps), key=row.said
    )


def _fact(name: str, words: str) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(words))
