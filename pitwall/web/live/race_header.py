"""Draw the race header: race, lap, flag, clock, and kind and age of the data."""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.header_rows import HeaderRow, PulseRow
from pitwall.web.shared.local_time import RaceClock, ZoneName
from pitwall.web.shared.site_nav import site_nav
from pitwall.web.shared.standing_rows import SessionRow


def race_header(
    header: rx.Var[HeaderRow],
    pulse: rx.Var[PulseRow],
    session: rx.Var[SessionRow],
    here: str = "",
) -> rx.Component:
    """Draw the header; the watchdog reads `pulse` from its last element.

    Args:
        header: The race.
        pulse: The newest frame's number and age.
        session: The clock of qualifying and practice.
        here: The page's own address among the links; "" for none of them.
    """
    return rx.el.header(
        rx.el.div(
            rx.el.div(
                rx.el.p("Pitwall", class_name="brand"),
                site_nav(here),
                class_name="brand-row",
            ),
            rx.el.h1(header.race, class_name="race"),
            rx.el.p(header.venue, class_name="venue"),
            class_name="title",
        ),
        rx.cond(session.is_timed, _session_clock(session), _lap_counter(header)),
        _flag(header),
        _dial(
            rx.fragment(
                rx.cond(session.is_timed, "Session clock, ", "Race clock, "),
                ZoneName.create(offset=header.utc_offset_s),
            ),
            RaceClock.create(clock=header.clock, day=header.day, offset=header.utc_offset_s),
            "clock",
        ),
        _aid(header),
        _signal(header),
        rx.el.div(
            id="pulse",
            hidden=True,
            custom_attrs={
                "data-sequence": pulse.sequence,
                "data-age": pulse.age_s,
                "data-feed": pulse.feed,
            },
        ),
        class_name="header panel",
    )


def why_line(header: rx.Var[HeaderRow]) -> rx.Component:
    """Draw why this race is shown and which comes next, where either is known."""
    return rx.cond(
        (header.why != "") | (header.next_race != ""),
        rx.el.p(
            header.why,
            rx.cond(
                header.next_race != "",
                rx.el.span(header.next_race, class_name="next"),
                rx.fragment(),
            ),
            class_name="why",
        ),
        rx.fragment(),
    )


def _lap_counter(header: rx.Var[HeaderRow]) -> rx.Component:
    return _dial(
        "Lap",
        rx.el.span(
            _digits(header.lap, "88"),
            rx.el.span("/", class_name="slash", aria_hidden="true"),
            rx.el.span("of", class_name="sr-only"),
            rx.el.span(_digits(header.total_laps, "88"), class_name="small"),
        ),
        "lap",
    )


def _session_clock(session: rx.Var[SessionRow]) -> rx.Component:
    return rx.el.div(
        rx.el.span(rx.cond(session.part != "", session.part, "Session"), class_name="label"),
        rx.el.span(_digits(session.clock, "88:88"), class_name="face"),
        class_name="dial dial-clock",
        title="Time that remains of this part or session",
    )


def _flag(header: rx.Var[HeaderRow]) -> rx.Component:
    return rx.el.div(
        rx.el.span(class_name="lamp", aria_hidden="true"),
        rx.el.span(header.flag_word, class_name="word"),
        class_name=f"flag flag-{header.flag}",
        role="status",
        aria_label=f"Track status: {header.flag_word}",
    )


def _aid(header: rx.Var[HeaderRow]) -> rx.Component:
    return rx.el.div(
        rx.el.span(header.overtake_label, class_name="label"),
        rx.el.span(
            rx.el.span(class_name="bulb", aria_hidden="true"),
            header.overtake_word,
            class_name="word",
        ),
        class_name=f"aid aid-{header.overtake}",
        title="Set by race control. The feed does not say how much energy each car has left.",
    )


def _signal(header: rx.Var[HeaderRow]) -> rx.Component:
    return rx.el.div(
        rx.el.p(
            rx.el.span(header.source_word, class_name=f"badge source-{header.source}"),
            rx.cond(
                header.pace != "", rx.el.span(header.pace, class_name="badge pace"), rx.fragment()
            ),
            class_name="badges",
        ),
        rx.el.p(
            rx.el.span("Data age ", class_name="label"),
            rx.el.span("--", id="age", class_name="age"),
            rx.el.span(" s", class_name="unit"),
            class_name="freshness",
        ),
        class_name="signal",
    )


def _dial(label: str | rx.Component, face: rx.Component, kind: str) -> rx.Component:
    return rx.el.div(
        rx.el.span(label, class_name="label"),
        rx.el.span(face, class_name="face"),
        class_name=f"dial dial-{kind}",
    )


def _digits(value: rx.Var[str], ghost: str) -> rx.Component:
    return rx.el.span(value, class_name="digits", custom_attrs={"data-ghost": ghost})
