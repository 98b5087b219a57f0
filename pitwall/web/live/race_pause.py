"""Draw what takes the place of battles: a race that pauses behind a flag, and one that is over."""

from __future__ import annotations

import reflex as rx

from pitwall.web.live.state import LiveState
from pitwall.web.live.timing_tower import driver, table_of_cars, tyre
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.neutral_rows import RestartRow
from pitwall.web.shared.result_rows import ClassifiedRow, PassCallRow
from pitwall.web.shared.typed import as_var

_RESTART = [
    ("P", "Position", "place"),
    ("Driver", "Driver", "driver"),
    ("Tyre", "Tyre compound and its age in laps", "tyres"),
    ("Came in", "Whether it has come into the pits under this flag", "came-in"),
    ("Against the car ahead", "Its tyres compared with those of the car ahead", "versus"),
]
_RESULT = [
    ("P", "Position", "place"),
    ("Driver", "Driver", "driver"),
    ("Gap", "Gap to the winner", "gap"),
    ("Grid", "Place on the grid, and places won or lost", "grid"),
    ("Best", "Best lap", "best-lap"),
    ("Passes", "Passes made / places lost to passes", "passes"),
    ("Tyres", "Tyres used, and the laps on them", "stints"),
    ("Penalties", "Penalties", "penalties"),
]


def race_pause() -> rx.Component:
    """Draw the pause or the end of a race; nothing while the cars race."""
    return rx.fragment(
        rx.cond(as_var(LiveState.neutral).title != "", _pause(), rx.fragment()),
        rx.cond(as_var(LiveState.result).title != "", _result(), rx.fragment()),
    )


def _pause() -> rx.Component:
    neutral = as_var(LiveState.neutral)
    return rx.el.section(
        rx.el.h3(neutral.title, class_name="pause-title"),
        _sentence(neutral.rule),
        _sentence(neutral.stopped),
        _sentence(neutral.missing),
        _sentence(neutral.between),
        rx.cond(
            neutral.expected.length() > 0,
            rx.el.div(
                rx.el.h4("To watch at the restart", class_name="label"),
                rx.el.ul(rx.foreach(neutral.expected, lambda pair: rx.el.li(pair, key=pair))),
                rx.el.p("By the difference in tyres alone: no forecast.", class_name="quiet"),
                class_name="expected",
            ),
            rx.fragment(),
        ),
        table_of_cars(
            _RESTART,
            rx.foreach(neutral.cars, _restart),
            kind="restart",
            label="Order of the restart",
            captioned=True,
        ),
        class_name=f"pause pause-{neutral.flag}",
        aria_label="Restart",
    )


def _restart(row: rx.Var[RestartRow]) -> rx.Component:
    car = _car(row.key)
    return rx.el.tr(
        rx.el.td(row.position, class_name="cell-place"),
        rx.el.th(
            driver(car),
            rx.cond(
                row.laps_down != "",
                rx.el.span(row.laps_down, class_name="laps-down"),
                rx.fragment(),
            ),
            scope="row",
            class_name="cell-driver",
        ),
        rx.el.td(tyre(car), class_name="cell-tyres"),
        rx.el.td(row.stop, class_name="cell-came-in"),
        rx.el.td(
            rx.cond(
                row.against != "",
                rx.el.span(row.against, ", ", class_name="against"),
                rx.fragment(),
            ),
            row.versus,
            class_name="cell-versus",
        ),
        key=row.key,
        class_name=f"line {row.threat}",
    )


def _result() -> rx.Component:
    result = as_var(LiveState.result)
    return rx.el.section(
        rx.el.h3(result.title, class_name="pause-title"),
        _sentence(result.note),
        rx.el.dl(
            _fact("Fastest lap", result.fastest),
            _fact("Passes", result.passed),
            class_name="facts",
        ),
        table_of_cars(
            _RESULT,
            rx.foreach(result.cars, _classified),
            kind="result",
            label="Classification",
            captioned=True,
        ),
        rx.cond(
            result.score != "",
            rx.el.div(
                rx.el.h4("How the forecasts did", class_name="label"),
                rx.el.p(result.score),
                rx.el.div(
                    _calls("Best calls", result.calls),
                    _calls("Worst misses", result.misses),
                    class_name="calls",
                ),
                class_name="did",
            ),
            rx.fragment(),
        ),
        class_name="pause pause-over",
        aria_label="Result",
    )


def _classified(row: rx.Var[ClassifiedRow]) -> rx.Component:
    car = _car(row.key)
    return rx.el.tr(
        rx.el.td(row.position, class_name="cell-place"),
        rx.el.th(driver(car), scope="row", class_name="cell-driver"),
        rx.el.td(row.gap, class_name="cell-gap"),
        rx.el.td(row.grid, rx.el.span(car.gained, class_name="gained"), class_name="cell-grid"),
        rx.el.td(
            rx.el.span(
                row.best, class_name=rx.cond(row.is_fastest, "time time-best", "time time-usual")
            ),
            class_name="cell-best-lap",
        ),
        rx.el.td(row.passes, class_name="cell-passes"),
        rx.el.td(
            rx.cond(
                as_var(LiveState.stints)[row.key],
                rx.foreach(as_var(LiveState.stints)[row.key], _set),
                rx.fragment(),
            ),
            tyre(car),
            class_name="cell-stints",
        ),
        rx.el.td(row.penalty, class_name="cell-penalties"),
        key=row.key,
        class_name=f"line {row.tone}",
    )


def _set(stint: rx.Var[list[str]]) -> rx.Component:
    return rx.el.span(
        rx.el.span(stint[0], class_name=f"compound compound-{stint[1]}"),
        rx.el.span(stint[2], class_name="tyre-age"),
        class_name="tyre",
    )


def _calls(title: str, rows: rx.Var[list[PassCallRow]]) -> rx.Component:
    return rx.cond(
        rows.length() > 0,
        rx.el.div(
            rx.el.h5(title, class_name="label"),
            rx.el.ol(
                rx.foreach(
                    rows,
                    lambda row: rx.el.li(
                        rx.el.span(row.percent, class_name="percent"), row.words, key=row.key
                    ),
                )
            ),
        ),
        rx.fragment(),
    )


def _fact(name: str, words: rx.Var[str]) -> rx.Component:
    return rx.cond(
        words != "", rx.el.div(rx.el.dt(name, class_name="label"), rx.el.dd(words)), rx.fragment()
    )


def _sentence(words: rx.Var[str]) -> rx.Component:
    return rx.cond(words != "", rx.el.p(words), rx.fragment())


def _car(key: rx.Var[str]) -> rx.Var[CarRow]:
    return as_var(LiveState.cars[key])
