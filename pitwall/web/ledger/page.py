"""The ledger page: every forecast that was made, how it came out, and how to check that."""

from __future__ import annotations

import reflex as rx

from pitwall.web.ledger.rows import CallRow, FigureRow, LedgerViewRow, ScoreRow
from pitwall.web.ledger.state import LedgerState
from pitwall.web.shared.chart import chart
from pitwall.web.shared.site_nav import site_nav
from pitwall.web.shared.typed import as_handler, as_var


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


_CALIBRATED = (
    "Reliability diagram: how many forecasts came true, over the probability that they said. On "
    "the dashed line they come true as often as they say."
)


def ledger_page() -> rx.Component:
    """Lay the ledger page out."""
    head = as_var(LedgerState.head)
    return rx.el.div(
        rx.el.a("Skip to the ledger", href="#ledger", class_name="skip"),
        rx.el.header(
            rx.el.a("Pitwall", href="/", class_name="brand"),
            site_nav(),
            class_name="plain-header panel",
        ),
        rx.el.main(
            rx.el.section(
                rx.el.h1("Ledger", class_name="heading"),
                rx.el.p(
                    "Every forecast of every battle, one a second, and what came of it a lap "
                    "later. Entries are only ever added, and each carries the hash of the one "
                    "before: whoever kept a hash can tell whether a forecast was rewritten.",
                ),
                _chain(),
                view_choice(as_var(LedgerState.views), LedgerState.choose),
                rx.el.p(head.about, class_name="hint", role="status"),
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
            rx.cond(head.figures.length() > 0, _record(), rx.fragment()),
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
                rx.el.p(
                    f"Not decided, and counted neither way: {head.undecided}.", class_name="hint"
                ),
                rx.fragment(),
            ),
            class_name="panel ledger-panel",
        ),
        rx.el.section(
            rx.el.h2("Do they come true as often as they say?", class_name="heading"),
            chart(
                as_var(LedgerState.reliability),
                as_var(LedgerState.reliability_numbers),
                label=_CALIBRATED,
                class_name="reliability",
            ),
            rx.el.p(
                "One forecast is made each second, and those of one lap share their fate: the "
                "bars are 95 % Wilson intervals that take each lap of a battle for one case.",
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
                    "Where the forecast beat the gap alone by most; one of each pair of a race.",
                    class_name="hint",
                ),
                class_name="panel ledger-panel",
            ),
            rx.el.section(
                rx.el.h2("Worst misses", class_name="heading"),
                call_list(as_var(LedgerState.worst), "None yet."),
                rx.el.p("Where the forecast was the most wrong, likewise.", class_name="hint"),
                class_name="panel ledger-panel",
            ),
            class_name="ledger-pair",
        ),
    )


def _over_time() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Against the gap alone", class_name="heading"),
        rx.el.p(
            "Lower is better. The gap alone is a curve that knows only how far apart the two cars "
            "are, counted from races of 2023 and 2024.",
            class_name="hint",
        ),
        rx.el.h3("Race by race", class_name="label"),
        chart(
            as_var(LedgerState.log_loss), label="Log-loss of each race; the table has the numbers."
        ),
        chart(
            as_var(LedgerState.brier), label="Brier score of each race; the table has the numbers."
        ),
        score_table(as_var(LedgerState.races), "race", "Scores by race, may be scrolled"),
        rx.el.h3("By season", class_name="label"),
        score_table(as_var(LedgerState.seasons), "season", "Scores by season, may be scrolled"),
        rx.el.h3("By circuit", class_name="label"),
        score_table(as_var(LedgerState.circuits), "circuit", "Scores by circuit, may be scrolled"),
        class_name="panel ledger-panel",
    )


def _how_to_check() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Check it yourself", class_name="heading"),
        rx.el.p(
            "Keep the hash above somewhere that is not this server. Later whoever runs it can show "
            "that nothing up to there was changed:",
        ),
        rx.el.pre(
            "python -m pitwall ledger head\npython -m pitwall ledger verify --head NUMBER:HASH"
        ),
        rx.el.p(
            "It reads every entry, names the first that is broken, and compares the tables "
            "behind this page and the replay. The same numbers as JSON: ",
            rx.el.code("curl -s ADDRESS/ledger?made=live"),
            ".",
            class_name="hint",
        ),
        class_name="panel ledger-panel",
    )
