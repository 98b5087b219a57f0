"""The parts of the ledger page: its numbers, tables of scores, and lists of single forecasts."""

from __future__ import annotations

import reflex as rx

from pitwall.web.rows.ledger import CallRow, FigureRow, LedgerViewRow, ScoreRow
from pitwall.web.typed import as_handler


def view_choice(views: rx.Var[list[LedgerViewRow]], choose: object) -> rx.Component:
    """Draw the ways to look at the ledger."""
    return rx.el.div(
        rx.foreach(
            views,
            lambda view: rx.el.button(
                view.name,
                type="button",
                aria_pressed=view.is_chosen,
                on_click=as_handler(choose)(view.key),
                class_name="ledger-view",
            ),
        ),
        role="group",
        aria_label="Which forecasts",
        class_name="ledger-views",
    )


def figures(rows: rx.Var[list[FigureRow]]) -> rx.Component:
    """Draw the numbers at the head of the page."""
    return rx.el.dl(
        rx.foreach(
            rows,
            lambda row: rx.el.div(
                rx.el.dt(row.name, class_name="label"),
                rx.el.dd(
                    rx.el.strong(row.value),
                    rx.el.span(row.beside, class_name="hint"),
                ),
            ),
        ),
        class_name="ledger-figures",
    )


def score_table(rows: rx.Var[list[ScoreRow]], first: str, label: str) -> rx.Component:
    """Draw scores beside those of the gap alone."""
    heads = (first, "forecasts", "passes", "log-loss", "gap only", "Brier", "gap only", "forecast")
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*(rx.el.th(head, scope="col") for head in heads))),
            rx.el.tbody(rx.foreach(rows, _score)),
        ),
        class_name="chart-table",
        tab_index=0,
        role="region",
        aria_label=label,
    )


def _score(row: rx.Var[ScoreRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(rx.cond(row.href != "", rx.el.a(row.name, href=row.href), row.name), scope="row"),
        rx.el.td(row.forecasts),
        rx.el.td(row.passes),
        rx.el.td(row.log_loss),
        rx.el.td(row.gap_log_loss),
        rx.el.td(row.brier),
        rx.el.td(row.gap_brier),
        rx.el.td(row.verdict, class_name=f"verdict-{row.verdict}"),
    )


def call_list(rows: rx.Var[list[CallRow]], none: str) -> rx.Component:
    """Draw single forecasts, each a way into the replay."""
    return rx.cond(
        rows.length() > 0,
        rx.el.ol(rx.foreach(rows, _call), class_name="calls"),
        rx.el.p(none, class_name="hint"),
    )


def _call(row: rx.Var[CallRow]) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.cond(
                row.href != "",
                rx.el.a(row.battle, href=row.href, class_name="call-battle"),
                rx.el.span(row.battle, class_name="call-battle"),
            ),
            rx.el.span(row.where, class_name="hint"),
        ),
        rx.el.p(
            rx.el.span("said ", rx.el.strong(row.said)),
            rx.el.span(f"gap only {row.gap_said}", class_name="hint"),
            rx.el.span(row.came, class_name="call-came"),
        ),
        key=row.key,
    )
