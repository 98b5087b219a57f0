"""Draw a battle card: attacker, defender, the place at stake, gap and forecast."""

from __future__ import annotations

import reflex as rx

from pitwall.web.live.experts import Behind, condition_line, outlook, whisker, why
from pitwall.web.live.timing_tower import tyre
from pitwall.web.shared.battle_rows import (
    GAP_SCALE_S,
    HEIGHT,
    WIDTH,
    BattleCardRow,
    TraceRow,
)
from pitwall.web.shared.car_rows import CarRow

_BOX = f"0 -1 {WIDTH + 1} {HEIGHT + 2}"
_HALF = HEIGHT // 2
_ONE_SECOND_FROM_TOP = round(HEIGHT * (1 - 1 / GAP_SCALE_S))


def battle_card(
    row: rx.Var[BattleCardRow],
    attacker: rx.Var[CarRow],
    defender: rx.Var[CarRow],
    trace: rx.Var[TraceRow],
    behind: Behind,
) -> rx.Component:
    """Draw one battle, with what is behind its forecast."""
    return rx.el.li(
        rx.el.article(
            rx.el.div(
                rx.el.h3(rx.el.span("for ", class_name="for"), row.stake, class_name="stake"),
                rx.el.span(row.laps, class_name="laps", title="How long this battle has lasted"),
                class_name="card-top",
            ),
            rx.el.div(
                _car(attacker, "attacker"),
                _chevrons(row.trend),
                _car(defender, "defender"),
                class_name="pair",
            ),
            rx.el.div(
                _forecast(row, behind),
                _gap(row),
                rx.cond(behind.mixed, outlook(behind.mix), rx.fragment()),
                class_name="readings",
            ),
            condition_line(row.condition),
            rx.el.div(
                _sparkline("Forecast, 3 min", trace.forecast, _HALF, "trace-forecast"),
                _sparkline("Gap, 3 min", trace.gap, _ONE_SECOND_FROM_TOP, "trace-gap"),
                class_name="traces",
            ),
            _why(row, behind),
            class_name=f"card tone-{row.tone}",
            style={"--heat": row.heat},
        ),
        key=row.key,
        custom_attrs={"data-key": row.key},
        class_name="card-slot",
    )


def _chevrons(trend: rx.Var[str]) -> rx.Component:
    return rx.el.svg(
        *[rx.el.svg.path(d=f"M{x} 2l9 9l-9 9") for x in (4, 19, 34)],
        view_box="0 0 50 22",
        role="img",
        aria_label="attacks",
        class_name=f"chevrons chases-{trend}",
    )


def _car(car: rx.Var[CarRow], role: str) -> rx.Component:
    return rx.el.div(
        rx.el.span(class_name="team", style={"background": car.colour}),
        rx.el.abbr(car.code, title=car.name, class_name="code"),
        tyre(car),
        class_name=f"car {role}",
    )


def _forecast(row: rx.Var[BattleCardRow], behind: Behind) -> rx.Component:
    return rx.el.div(
        rx.el.span("Overtake, estimated", class_name="label"),
        rx.el.span(
            rx.el.span(row.bound, class_name="bound"),
            rx.el.span(row.percent, class_name="digits big", custom_attrs={"data-ghost": "88"}),
            rx.el.span("%", class_name="unit"),
            class_name="percent",
            title=row.exact,
        ),
        rx.el.span(
            rx.el.span(class_name="lit", style={"--part": f"{row.meter}%"}),
            class_name="meter",
            aria_hidden="true",
        ),
        rx.cond(behind.mixed, whisker(behind.mix), rx.fragment()),
        rx.el.span("Old reading", class_name="old"),
        class_name="forecast",
    )


def _gap(row: rx.Var[BattleCardRow]) -> rx.Component:
    return rx.el.div(
        rx.el.span("Gap ", rx.el.span(row.gap_note, class_name="gap-note"), class_name="label"),
        rx.el.span(row.gap, rx.el.span(" s", class_name="unit"), class_name="gap-value"),
        rx.el.span(
            rx.el.span(class_name="arrow", aria_hidden="true"),
            row.trend_words,
            class_name=f"trend trend-{row.trend}",
        ),
        class_name="gap",
    )


def _sparkline(label: str, points: rx.Var[str], guide: int, kind: str) -> rx.Component:
    return rx.el.figure(
        rx.el.figcaption(label, class_name="label"),
        rx.el.svg(
            rx.el.svg.line(x1=0, y1=guide, x2=WIDTH, y2=guide, class_name="guide"),
            rx.el.svg.polyline(points=points),
            view_box=_BOX,
            custom_attrs={"preserveAspectRatio": "none"},
            aria_hidden="true",
        ),
        class_name=f"trace {kind}",
    )


def _why(row: rx.Var[BattleCardRow], behind: Behind) -> rx.Component:
    return rx.cond(
        row.no_forecast != "",
        rx.el.p(
            rx.el.span("No forecast: ", class_name="label"), row.no_forecast, class_name="why none"
        ),
        why(behind, row.percent),
    )
