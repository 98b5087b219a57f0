"""Lay out the ledger page: how all forecasts came out, and how to check the ledger."""

from __future__ import annotations

import reflex as rx

from pitwall.web.ledger.rows import CallRow, FigureRow, LedgerViewRow, ScoreRow
from pitwall.web.ledger.state import LedgerState
from pitwall.web.shared.chart import chart
from pitwall.web.shared.site_nav import site_nav
from pitwall.web.shared.spoiler_choice import spoiler_choice
from pitwall.web.shared.typed import as_handler, as_var


def view_choice(views: rx.Var[list[LedgerViewRow]], choose: object) -> rx.Component:
    """Draw the buttons that choose a view of the ledger."""
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


def score_table(
    rows: rx.Var[list[ScoreRow]], first: str, label: str, *, with_passes: bool = False
) -> rx.Component:
    """Draw scores beside those of the gap-only forecast.

    Args:
        rows: One row each.
        first: The head of the names.
        label: What the table shows, for screen readers.
        with_passes: Whether to draw the column of passes, which are counted for races alone.
    """
    heads = (
        first,
        *(["passes"] if with_passes else []),
        "forecasts",
        "came true",
        "log-loss",
        "gap only",
        "Brier",
        "gap only",
        "forecast",
    )
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*(rx.el.th(head, scope="col") for head in heads))),
            rx.el.tbody(rx.foreach(rows, lambda row: _score(row, with_passes=with_passes))),
        ),
        class_name="chart-table",
        tab_index=0,
        role="region",
        aria_label=label,
    )


def _score(row: rx.Var[ScoreRow], *, with_passes: bool) -> rx.Component:
    name = rx.el.th(
        rx.cond(row.href != "", rx.el.a(row.name, href=row.href), row.name), scope="row"
    )
    return rx.cond(
        row.veil != "",
        rx.el.tr(
            name,
            rx.el.td("Results ", row.veil, col_span=8, class_name="race-veil"),
        ),
        _open_score(row, name, with_passes=with_passes),
    )


def _open_score(row: rx.Var[ScoreRow], name: rx.Component, *, with_passes: bool) -> rx.Component:
    return rx.el.tr(
        name,
        rx.el.td(row.passes) if with_passes else rx.fragment(),
        rx.el.td(row.forecasts),
        rx.el.td(row.came_true),
        rx.el.td(row.log_loss),
        rx.el.td(row.gap_log_loss),
        rx.el.td(row.brier),
        rx.el.td(row.gap_brier),
        rx.el.td(row.verdict, class_name=f"verdict-{row.verdict}"),
    )


def call_list(rows: rx.Var[list[CallRow]], none: str) -> rx.Component:
    """Draw single forecasts, each with a link to its moment in the replay."""
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
            rx.el.span("forecast ", rx.el.strong(row.forecast)),
            rx.el.span(f"gap only {row.gap_only}", class_name="hint"),
            rx.el.span(row.outcome, class_name="call-outcome"),
        ),
        key=row.key,
    )


_CALIBRATED = (
    "Reliability diagram: the share of forecasts that came true, over the probability that they "
    "gave. On the dashed line they come true exactly as often as they say."
)


def ledger_page() -> rx.Component:
    """Lay out the ledger page."""
    head = as_var(LedgerState.head)
    return rx.el.div(
        rx.el.a("Skip to the ledger", href="#ledger", class_name="skip"),
        rx.el.header(
            rx.el.a("Pitwall", href="/", class_name="brand"),
            site_nav("/ledger"),
            class_name="plain-header panel",
        ),
        rx.el.main(
            rx.el.section(
                rx.el.h1("Ledger", class_name="heading"),
                rx.el.p(
                    "Every forecast of every battle, one a second, and whether the overtake came "
                    "within a lap. Entries are only ever added, and each contains the hash of the "
                    "one before. Note a hash today, and you can later prove that no forecast "
                    "before it was rewritten.",
                ),
                _chain(),
                rx.el.div(
                    view_choice(as_var(LedgerState.views), LedgerState.choose),
                    spoiler_choice(as_var(LedgerState.spoilers), LedgerState.set_spoilers),
                    class_name="ledger-choices",
                ),
                rx.el.p(head.about, class_name="hint", role="status"),
                rx.cond(
                    head.hidden != "",
                    rx.el.p(head.hidden, class_name="notice", id="ledger-hidden"),
                    rx.fragment(),
                ),
                rx.cond(
                    as_var(LedgerState.trouble) != "",
                    rx.el.p(as_var(LedgerState.trouble), role="alert", class_name="notice"),
                    rx.fragment(),
                ),
                rx.cond(
                    head.nothing != "",
                    rx.el.p(head.nothing, class_name="notice"),
                    rx.fragment(),
                ),
                class_name="panel ledger-panel",
            ),
            rx.cond(
                head.figures.length() > 0,
                _record(),
                rx.cond(head.hidden != "", _names_alone(), rx.fragment()),
            ),
            _how_to_check(),
            id="ledger",
            tab_index=-1,
            class_name="ledger",
        ),
        class_name="pitwall",
    )


def _chain() -> rx.Component:
    head = as_var(LedgerState.head)
    return rx.cond(
        head.digest != "",
        rx.el.p(
            rx.el.span("Newest entry ", class_name="label"),
            f"{head.entry}, written {head.written}: ",
            rx.el.code(head.digest, class_name="digest"),
            class_name="hint",
        ),
        rx.fragment(),
    )


def _record() -> rx.Component:
    head = as_var(LedgerState.head)
    return rx.fragment(
        rx.el.section(
            figures(head.figures),
            rx.cond(
                head.undecided != "",
                rx.el.p(f"Interrupted, so not counted: {head.undecided}.", class_name="hint"),
                rx.fragment(),
            ),
            class_name="panel ledger-panel",
        ),
        rx.el.section(
            rx.el.h2("Do forecasts come true as often as they say?", class_name="heading"),
            chart(
                as_var(LedgerState.reliability),
                as_var(LedgerState.reliability_numbers),
                label=_CALIBRATED,
                class_name="reliability",
            ),
            rx.el.p(
                "A forecast is made every second, but those within one lap share one outcome. The "
                "bars are therefore 95 % Wilson intervals that count each lap of a battle once.",
                class_name="hint",
            ),
            class_name="panel ledger-panel",
        ),
        _over_time(),
        rx.el.div(
            rx.el.section(
                rx.el.h2("Best calls", class_name="heading"),
                call_list(as_var(LedgerState.best), "None yet."),
                rx.el.p(
                    "The forecasts that beat the gap alone by most, one for each pair of cars in "
                    "a race.",
                    class_name="hint",
                ),
                class_name="panel ledger-panel",
            ),
            rx.el.section(
                rx.el.h2("Worst misses", class_name="heading"),
                call_list(as_var(LedgerState.worst), "None yet."),
                rx.el.p(
                    "The forecasts that were most wrong, one for each pair of cars in a race.",
                    class_name="hint",
                ),
                class_name="panel ledger-panel",
            ),
            class_name="ledger-pair",
        ),
    )


def _names_alone() -> rx.Component:
    """Draw the races, where all of them are hidden."""
    return rx.el.section(
        score_table(as_var(LedgerState.races), "race", "Scores by race, scrollable"),
        class_name="panel ledger-panel",
    )


def _over_time() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Against the gap alone", class_name="heading"),
        rx.el.p(
            "Lower is better. The gap-only forecast knows only how far apart the two cars are, and "
            "how often cars that close overtook in the races of 2023 and 2024.",
            class_name="hint",
        ),
        rx.el.h3("Race by race", class_name="label"),
        chart(
            as_var(LedgerState.log_loss), label="Log-loss of each race; the table has the numbers."
        ),
        chart(
            as_var(LedgerState.brier), label="Brier score of each race; the table has the numbers."
        ),
        score_table(
            as_var(LedgerState.races), "race", "Scores by race, scrollable", with_passes=True
        ),
        rx.el.p(
            rx.el.strong("Passes "),
            "are overtakes on the track that ended a battle, as the list of races and the replay "
            "count them. ",
            rx.el.strong("Came true "),
            "counts forecasts: one is made each second, so one pass makes many of them true.",
            class_name="hint",
        ),
        rx.el.h3("By season", class_name="label"),
        score_table(as_var(LedgerState.seasons), "season", "Scores by season, scrollable"),
        rx.el.h3("By circuit", class_name="label"),
        score_table(as_var(LedgerState.circuits), "circuit", "Scores by circuit, scrollable"),
        class_name="panel ledger-panel",
    )


def _how_to_check() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Check it yourself", class_name="heading"),
        rx.el.p(
            "Note the number and hash of the newest entry somewhere other than this server. Later, "
            "the server's owner can show with them that nothing up to that entry was changed:",
        ),
        rx.el.pre(
            "python -m pitwall ledger head\npython -m pitwall ledger verify --head NUMBER:HASH"
        ),
        rx.el.p(
            "The second command reads every entry, names the first broken one, and compares the "
            "ledger with the tables behind this page and the replay. To get the numbers on this "
            "page as JSON: ",
            rx.el.code("curl -s ADDRESS/ledger?made=live"),
            ".",
            class_name="hint",
        ),
        class_name="panel ledger-panel",
    )
