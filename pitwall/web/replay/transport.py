"""Draw the controls of a replay: play, speed, steps, and the field to go to a lap or time."""

from __future__ import annotations

import reflex as rx

from pitwall.web.live.state import LiveState
from pitwall.web.replay.state import ReplayState
from pitwall.web.replay.tab import SPEEDS
from pitwall.web.shared.battle_rows import BattleCardRow
from pitwall.web.shared.typed import as_handler, as_var

_STEPS = (
    ("lap", "lap", ""),
    ("battle", "battle", "[ ]"),
    ("pass", "pass", "{ }"),
)
_KEYS = (
    ("Space", "Play or pause"),
    (
        "\N{LEFTWARDS ARROW} \N{RIGHTWARDS ARROW}",
        "Ten seconds back or forward; with Shift one minute",
    ),
    (
        "\N{UPWARDS ARROW} \N{DOWNWARDS ARROW}",
        "Next or previous lap, while the timeline or a control has the focus",
    ),
    ("[ ]", "Previous or next battle"),
    ("{ }", "Previous or next pass"),
    ("+ \N{MINUS SIGN}", "Faster or slower"),
    ("/", "Type a lap or a time to go to"),
    ("L", "Copy a link to this moment"),
    ("1 to 8", "Open a tab: battles, race, charts, events"),
    ("Esc", "Close the charts of the chosen battle"),
    ("?", "Show these keys"),
)


def transport() -> rx.Component:
    """Draw the controls; `assets/replay.js` adds keys, dragging and the link."""
    return rx.el.div(
        _play(),
        rx.el.p(as_var(ReplayState.head).spoken, class_name="here"),
        rx.el.button(
            "More",
            type="button",
            id="more-controls",
            aria_expanded="false",
            aria_controls="transport-more",
        ),
        rx.el.div(
            rx.el.div(*[_step(*step) for step in _STEPS], class_name="steps"),
            _speed(),
            _go(),
            _battle(),
            rx.el.div(
                _veil(),
                rx.el.button("Copy link", type="button", id="copy-link", title="L"),
                rx.el.button(
                    "Keys",
                    type="button",
                    id="show-keys",
                    title="?",
                    aria_haspopup="dialog",
                ),
                class_name="extras",
            ),
            class_name="controls",
            id="transport-more",
        ),
        rx.el.input(
            id="wish",
            type="text",
            on_change=as_handler(ReplayState.wish),
            class_name="sr-only",
            tab_index=-1,
            aria_hidden="true",
            auto_complete="off",
        ),
        rx.el.span(id="replay-status", role="status", class_name="sr-only"),
        class_name="transport",
        role="group",
        aria_label="Controls of the replay",
        id="transport",
    )


def keys_dialog() -> rx.Component:
    """Draw the list of keys, which `?` opens."""
    return rx.el.dialog(
        rx.el.h2("Keys", id="keys-title", class_name="heading"),
        rx.el.dl(
            *[rx.el.div(rx.el.dt(rx.el.kbd(keys)), rx.el.dd(words)) for keys, words in _KEYS],
            class_name="keys",
        ),
        rx.el.form(rx.el.button("Close", type="submit"), custom_attrs={"method": "dialog"}),
        id="keys",
        aria_labelledby="keys-title",
        class_name="panel keys-dialog",
    )


def _wish(words: str | rx.Var[str]) -> object:
    return as_handler(ReplayState.wish)(words)


def _play() -> rx.Component:
    playing = as_var(ReplayState.head).playing
    return rx.el.button(
        rx.el.span(class_name=rx.cond(playing, "sign-pause", "sign-play"), aria_hidden="true"),
        rx.cond(playing, "Pause", "Play"),
        type="button",
        id="play",
        on_click=_wish("toggle"),
        title="Space",
        class_name="play",
    )


def _step(what: str, words: str, keys: str) -> rx.Component:
    return rx.el.span(
        rx.el.button(
            rx.el.span(class_name="sign-back", aria_hidden="true"),
            type="button",
            on_click=_wish(f"step {what} -1"),
            aria_label=f"Previous {words}",
            title=keys,
        ),
        rx.el.span(words, class_name="label", aria_hidden="true"),
        rx.el.button(
            rx.el.span(class_name="sign-on", aria_hidden="true"),
            type="button",
            on_click=_wish(f"step {what} 1"),
            aria_label=f"Next {words}",
            title=keys,
        ),
        class_name="step",
    )


def _veil() -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=as_var(ReplayState.head).veiled,
            on_change=as_handler(ReplayState.set_veil),
            id="veil",
        ),
        "No spoilers",
        class_name="veil",
        title="Hides everything after the last moment you have seen",
    )


def _speed() -> rx.Component:
    return rx.el.label(
        rx.el.span("Speed", class_name="label"),
        rx.el.select(
            *[
                rx.el.option(f"{speed:g}\N{MULTIPLICATION SIGN}", value=f"{speed:g}")
                for speed in SPEEDS
            ],
            value=as_var(ReplayState.head).speed,
            on_change=lambda speed: _wish(f"speed {speed}"),
            id="speed",
        ),
        class_name="choice",
    )


def _go() -> rx.Component:
    return rx.fragment(
        rx.el.label(
            rx.el.span("Go to", class_name="label"),
            rx.el.input(
                type="text",
                id="go-to",
                placeholder="lap 12 or 13:42",
                auto_complete="off",
                title="/",
            ),
            class_name="choice",
        ),
        rx.el.span(as_var(ReplayState.head).note, role="status", class_name="go-note"),
    )


def _battle() -> rx.Component:
    head = as_var(ReplayState.head)
    return rx.el.label(
        rx.el.span("Battle", class_name="label"),
        rx.el.select(
            rx.el.option("none chosen", value=""),
            rx.cond(
                head.battle != "",
                rx.el.option(head.battle_words, value=head.battle),
                rx.fragment(),
            ),
            rx.foreach(as_var(LiveState.cards), _option),
            value=head.battle,
            on_change=lambda battle: _wish(f"battle {battle}"),
            id="battle",
        ),
        class_name="choice",
    )


def _option(row: rx.Var[BattleCardRow]) -> rx.Component:
    attacker, defender = LiveState.cars[row.attacker].code, LiveState.cars[row.defender].code
    return rx.cond(
        row.key == as_var(ReplayState.head).battle,
        rx.fragment(),
        rx.el.option(f"{attacker} attacks {defender}", value=row.key),
    )
