"""Lay out the races page: stored races by season, kind and name, each with a link to its replay."""

from __future__ import annotations

import reflex as rx

from pitwall.web.races.rows import RaceItem
from pitwall.web.races.state import ALL, RacesState
from pitwall.web.shared.site_nav import site_nav
from pitwall.web.shared.spoiler_choice import spoiler_choice
from pitwall.web.shared.typed import as_handler, as_var


def races_page() -> rx.Component:
    """Lay out the races page."""
    return rx.el.div(
        rx.el.a("Skip to the races", href="#races", class_name="skip"),
        rx.el.header(
            rx.el.a("Pitwall", href="/", class_name="brand", reload_document=True),
            site_nav("/races"),
            class_name="plain-header panel",
        ),
        rx.el.main(
            rx.el.h1("Races", class_name="heading"),
            _filters(),
            _for_guests(),
            rx.el.p(as_var(RacesState.status), role="status", class_name="races-status"),
            _trouble(),
            rx.el.ul(rx.foreach(as_var(RacesState.rows), _race), class_name="races"),
            rx.cond(
                as_var(RacesState.there_are_more),
                rx.el.button(
                    "More races", type="button", on_click=as_handler(RacesState.show_more)
                ),
                rx.fragment(),
            ),
            _explained(),
            id="races",
            tab_index=-1,
        ),
        class_name="pitwall races-page",
    )


def _filters() -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span("Search", class_name="label"),
            rx.el.input(
                type="search",
                placeholder="Zandvoort 2025",
                on_change=as_handler(RacesState.search).debounce(250),
                auto_complete="off",
                id="search",
                title="/",
            ),
            class_name="choice wide",
        ),
        _choice(
            "Season",
            "season",
            as_var(RacesState.year),
            RacesState.choose_year,
            rx.el.option("All", value=ALL),
            rx.foreach(as_var(RacesState.years), lambda year: rx.el.option(year, value=year)),
        ),
        _choice(
            "Kind",
            "kind",
            as_var(RacesState.kind),
            RacesState.choose_kind,
            rx.el.option("All", value=ALL),
            rx.el.option("Races", value="race"),
            rx.el.option("Sprints", value="sprint"),
        ),
        spoiler_choice(as_var(RacesState.spoilers), RacesState.set_spoilers),
        class_name="filters panel",
        role="group",
        aria_label="Which races",
    )


def _choice(
    words: str, name: str, value: rx.Var[str], on_change: object, *options: rx.Component
) -> rx.Component:
    return rx.el.label(
        rx.el.span(words, class_name="label"),
        rx.el.select(*options, value=value, on_change=as_handler(on_change), id=name),
        class_name="choice",
    )


def _for_guests() -> rx.Component:
    return rx.cond(
        as_var(RacesState.is_guest),
        rx.el.p(
            "As a guest you can replay simulated races. ",
            rx.el.a("Log in", href="/login?next=/races", reload_document=True),
            " or ",
            rx.el.a("register", href="/register?next=/races", reload_document=True),
            " to replay every race stored here.",
            class_name="hint",
        ),
        rx.fragment(),
    )


def _trouble() -> rx.Component:
    trouble = as_var(RacesState.trouble)
    return rx.cond(
        trouble != "",
        rx.el.div(
            rx.el.strong("The list of races could not be loaded"),
            rx.el.span(trouble),
            class_name="notice notice-failed",
            role="alert",
        ),
        rx.fragment(),
    )


def _race(row: rx.Var[RaceItem]) -> rx.Component:
    return rx.el.li(
        rx.el.a(
            rx.el.span(row.name, class_name="race-name"),
            rx.el.span(row.where, class_name="race-where"),
            href=row.href,
            reload_document=True,
        ),
        rx.el.p(
            rx.el.span(row.source_word, class_name=f"badge source-{row.source}"),
            rx.el.span(row.date),
            rx.el.span(row.laps),
            rx.cond(row.state != "", rx.el.span(row.state), rx.fragment()),
            class_name="race-facts",
        ),
        rx.cond(
            row.veil != "",
            rx.el.p("Results ", row.veil, class_name="race-veil"),
            rx.cond(
                row.passes != "",
                rx.el.dl(
                    _figure("Passes", row.passes),
                    _figure("Called", row.called),
                    _figure("Missed", row.missed),
                    _figure("False calls", row.failed),
                    class_name="race-figures",
                ),
                rx.el.p("Counting passes", class_name="race-veil"),
            ),
        ),
        key=row.id,
        class_name="race-line panel",
        custom_attrs={"data-race": row.id},
    )


def _figure(words: str, value: rx.Var[str]) -> rx.Component:
    return rx.el.div(rx.el.dt(words), rx.el.dd(value))


def _explained() -> rx.Component:
    return rx.el.footer(
        rx.el.p(
            rx.el.strong("Passes: "),
            "overtakes on the track that came out of a battle while racing was allowed. ",
            rx.el.strong("Called: "),
            "passes forecast at 50 % or more at some second of the lap before. ",
            rx.el.strong("Missed: "),
            "all other passes. ",
            rx.el.strong("False calls: "),
            "battles forecast at 50 % or more in which no pass came within the lap.",
        ),
        rx.el.p(rx.el.a("Live page", href="/", reload_document=True)),
    )
