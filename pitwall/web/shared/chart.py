"""Draw a chart: a Plotly figure, a description for screen readers, and its numbers as a table.

`assets/chart.jsx` draws it with plotly.js's basic bundle, which `rxconfig` pins and which is
loaded with the first chart of a page. It satisfies the Content-Security-Policy of every page.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from pitwall.web.shared.chart_theme import Figure, Table


class Chart(rx.Component):
    """One figure as `pitwall.web` builds it; it takes no space while it has no data.

    Attributes:
        figure: Redrawn when it changes.
        cursor: Position of a vertical line, in units of the x-axis; "" for none. Moving it is
            cheap and needs no request to the server.
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
    """Return a figure with its description, and its numbers as a table that can be opened.

    Args:
        figure: From a function of `pitwall.web`.
        table: The numbers of the figure; None where the page already shows them.
        label: What the chart shows, in a sentence.
        settings: `cursor`, `on_pick`, `class_name` of `Chart`.
    """
    drawing: rx.Component = Chart.create(figure=figure, label=label, **settings)
    words = rx.fragment() if table is None else chart_table(table)
    return rx.el.figure(drawing, words, class_name="chart-box")


def chart_table(table: rx.Var[Table]) -> rx.Component:
    """Return a table that can be opened; the first cell of each row names the row."""
    return rx.cond(
        table.rows.length() > 0,
        rx.el.details(
            rx.el.summary("Show as a table"),
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
                aria_label="Table, scrollable",
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
