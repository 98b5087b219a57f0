"""Draw the timeline of a replay: flags, stops, passes, heat of battles, and the moment on show."""

from __future__ import annotations

import reflex as rx

from pitwall.web.replay.state import ReplayState
from pitwall.web.replay.timeline_rows import HEAT_HEIGHT, MarkRow
from pitwall.web.shared.typed import as_handler, as_var


def timeline() -> rx.Component:
    """Draw the timeline; `assets/replay.js` lets the slider be dragged and follow the replay."""
    line, head = as_var(ReplayState.line), as_var(ReplayState.head)
    return rx.el.section(
        rx.el.div(
            _heat(),
            _layer(line.flags, "flags"),
            _layer(line.stops, "stops"),
            _layer(line.passes, "passes"),
            rx.el.div(rx.foreach(line.laps, _lap), class_name="layer laps", aria_hidden="true"),
            rx.el.span(id="cursor", class_name="cursor", aria_hidden="true"),
            rx.el.input(
                type="range",
                id="scrub",
                min=0,
                max=head.length_s,
                step=0.1,
                default_value=0,
                auto_complete="off",
                aria_label="Moment of the race",
                custom_attrs={"aria-valuetext": head.spoken},
            ),
            class_name="rail",
        ),
        rx.el.div(
            id="replay-head",
            hidden=True,
            custom_attrs={
                "data-at-s": head.at_s,
                "data-at": head.at,
                "data-length-s": head.length_s,
                "data-battle": head.battle,
                "data-race": head.race_id,
                "data-playing": rx.cond(head.playing, "yes", "no"),
            },
        ),
        class_name="timeline",
        aria_label="Timeline",
    )


def events_panel() -> rx.Component:
    """Draw what happened as a list of moments to go to, and what the signs of the timeline mean."""
    line = as_var(ReplayState.line)
    return rx.el.section(
        rx.el.h2("What happened", class_name="heading"),
        rx.el.p(line.summary, class_name="summary"),
        _legend(),
        rx.el.ul(
            rx.foreach(line.flags, _entry), rx.foreach(line.passes, _entry), class_name="events"
        ),
        class_name="panel events-panel",
    )


def _heat() -> rx.Component:
    line = as_var(ReplayState.line)
    return rx.el.svg(
        rx.el.svg.polygon(points=line.heat),
        view_box=f"0 0 {line.heat_parts} {HEAT_HEIGHT}",
        custom_attrs={"preserveAspectRatio": "none"},
        class_name="heat",
        aria_hidden="true",
    )


def _layer(rows: rx.Var[list[MarkRow]], kind: str) -> rx.Component:
    return rx.el.div(rx.foreach(rows, _mark), class_name=f"layer {kind}", aria_hidden="true")


def _mark(row: rx.Var[MarkRow]) -> rx.Component:
    return rx.el.span(
        key=row.key,
        title=row.words,
        class_name=f"mark mark-{row.kind}",
        style={"left": row.left, "width": row.width},
    )


def _lap(row: rx.Var[MarkRow]) -> rx.Component:
    return rx.el.span(row.words, key=row.key, class_name="mark-lap", style={"left": row.left})


def _entry(row: rx.Var[MarkRow]) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            row.words,
            type="button",
            on_click=as_handler(ReplayState.wish)(f"seek {row.at_s}"),
        ),
        key=row.key,
    )


def _legend() -> rx.Component:
    signs = (
        ("called", "pass, forecast at 50 % or more"),
        ("missed", "pass, forecast below 50 % or none"),
        ("stop", "pit stop"),
        ("yellow", "yellow flag"),
        ("safety", "safety car"),
        ("red", "red flag"),
    )
    return rx.el.p(
        *[
            rx.el.span(
                rx.el.span(class_name=f"mark mark-{kind}", aria_hidden="true"),
                words,
                class_name="sign",
            )
            for kind, words in signs
        ],
        rx.el.span(
            rx.el.span(class_name="heat-sign", aria_hidden="true"),
            "heat of the hottest battle",
            class_name="sign",
        ),
        class_name="legend",
    )
