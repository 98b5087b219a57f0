"""A chart: a Plotly figure, words for who cannot see it, and the same as a table.

`assets/chart.jsx` draws it, with plotly.js's basic bundle, which `rxconfig` pins and which comes
only with the first chart of a page. It passes the Content-Security-Policy of every page.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from pitwall.web.shared.chart_theme import Figure, Table


class Chart(rx.Component):
    """One figure as `pitwall.web` builds it; takes no room while it has no data.

    Attributes:
        figure: Drawn anew when it changes.
        cursor: Where on the x-axis a line stands, as the axis counts; "" is nowhere. Moving it
            is cheap, and costs no way to the server.
        label: What the chart shows, a sentence for screen readers.
        on_pick: Called with the x of the point that was clicked, as text.
    """

    library = "$/public/chart.jsx"
    tag = "Chart"

    figure: rx.Var[Figure]
    cursor: rx.Var[str]
    label: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]  # type: ignore[type-arg,valid-type]  # Reflex's way


def chart(
    figure: rx.Var[Figure],
    table: rx.Var[Table] | None = None,
    *,
    label: str | rx.Var[str],
    **settings: Any,  # noqa: ANN401  the other props of Chart
) -> rx.Component:
    """Return a figure with its words, and its numbers as a table that can be opened.

    Args:
        figure: From a function of `pitwall.web`.
        table: The same as numbers; None where the page has them already.
        label: What the chart shows, in a sentence.
        settings: `cursor`, `on_pick`, `class_name` of `Chart`.
    """
    drawing: rx.Component = Chart.create(figure=figure, label=label, **settings)
    words = rx.fragment() if table is None else chart_table(table)
    return rx.el.figure(drawing, words, class_name="chart-box")


def chart_table(table: rx.Var[Table]) -> rx.Component:
    """Return a table under a fold; the first cell of each row names the row."""
    return rx.cond(
        table.rows.length() > 0,
        rx.el.details(
            rx.el.summary("The same as a table"),
            rx.el.div(
                rx.el.table(
                    rx.el.thead(
                        rx.el.tr(rx.foreach(table.head, lambda name: rx.el.th(name, scope="col")))
                    ),
                    rx.el.tbody(rx.foreach(table.rows, _row)),
                ),
                class_name="chart-table",
                tab_index=0,
                role="region",
                aria_label="Table, may be scrolled",
            ),
            class_name="chart-words",
        ),
        rx.fragment(),
    )


def _row(cells: rx.Var[list[str]]) -> rx.Component:
    return rx.el.tr(
        rx.foreach(
            cells,
            lambda cell, place: rx.cond(place == 0, rx.el.th(cell, scope="row"), rx.el.td(cell)),
        )
    )
