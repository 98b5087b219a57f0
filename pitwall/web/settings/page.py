"""Lay out the settings: what a visitor chooses for all pages; `assets/settings.js` keeps it.

The browser keeps every choice, so that a guest has them too. After a log-in the account keeps them
as well (`/auth/settings`), but for those that a device has to allow.
"""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.plain_page import plain_page, plain_panel
from pitwall.web.shared.spoiler_choice import spoiler_choice
from pitwall.web.shared.typed import as_var


class SettingsState(rx.State):
    """What one tab of the settings page shows."""

    spoilers: str = rx.LocalStorage("auto", name="pitwall_spoilers")

    @rx.event
    def set_spoilers(self, wish: str) -> None:
        """Hide the newest race until it is played, all races, or none; for every page."""
        self.spoilers = wish


def settings_page() -> rx.Component:
    """Lay out the page."""
    return plain_page(
        "Settings",
        plain_panel(
            # `assets/settings.js` says which of the two is so, by an attribute of the document.
            rx.el.p(
                rx.el.strong("Kept in your account"),
                ": your other devices have them too once you log in there. Spoilers, the browser's "
                "notifications and the screen kept on stay with this browser.",
                class_name="hint kept-in-account",
            ),
            rx.el.p(
                rx.el.strong("Kept in this browser"),
                ". Log in to have them on your other devices too.",
                class_name="hint kept-in-browser",
            ),
        ),
        plain_panel(
            rx.el.h2("Look", class_name="heading"),
            _choice(
                "theme",
                "Theme",
                ("retro", "Pit wall of old: dark, with scan lines"),
                ("dark", "Plain dark"),
                ("light", "Light"),
            ),
            _choice(
                "palette",
                "Colours",
                ("standard", "Standard"),
                ("safe", "For colour blindness: blue and orange for green and red"),
            ),
            _choice("density", "Density", ("roomy", "Roomy"), ("tight", "Tight: more on a screen")),
            _choice(
                "motion",
                "Motion",
                ("auto", "As this device is set"),
                ("calm", "As little as can be"),
            ),
        ),
        plain_panel(
            rx.el.h2("Words and times", class_name="heading"),
            _choice(
                "language",
                "Language",
                ("auto", "As this browser is set"),
                ("en", "English"),
                ("de", "Deutsch"),
            ),
            _choice("names", "Drivers", ("letters", "Three letters: VER"), ("full", "Full names")),
            _choice(
                "zone",
                "Race clock",
                ("utc", "UTC"),
                ("local", "Your own time"),
                ("track", "Time at the circuit"),
            ),
            _choice(
                "units",
                "Units",
                ("metric", "km/h and °C"),
                ("imperial", "mph and °F"),
            ),
            rx.el.p(
                "For speed traps, reasons and weather on the pages of races. Charts of the replay, "
                "the API and exports keep km/h.",
                class_name="hint",
            ),
        ),
        plain_panel(
            rx.el.h2("Spoilers", class_name="heading"),
            spoiler_choice(as_var(SettingsState.spoilers), SettingsState.set_spoilers),
            rx.el.p(
                "One switch for every page: the list of races, the ledger, the replay's timeline "
                "and charts, and the live page. Hidden is what you have not played to its end.",
                class_name="hint",
            ),
        ),
        plain_panel(
            rx.el.h2("Alerts", class_name="heading"),
            rx.el.p(
                "Off until you choose a rule. They work while the live page is open in a tab, "
                "also in the background, and follow your TV delay.",
                class_name="hint",
            ),
            _choice(
                "chance",
                "A battle's chance reaches",
                ("off", "No alert"),
                *((f"{percent}", f"{percent} %") for percent in (30, 50, 70, 80)),
            ),
            rx.el.label(
                rx.el.span("My drivers", class_name="label"),
                rx.el.input(
                    type="text",
                    id="setting-drivers",
                    max_length=60,
                    placeholder="NOR, LEC",
                    auto_complete="off",
                    spell_check=False,
                    custom_attrs={"data-setting": "drivers"},
                ),
                class_name="choice",
            ),
            _switch("flags", "The flag changes, or the safety car comes out"),
            _switch("surprise", "A pass that was given less than 10 %"),
            rx.el.h3("How", class_name="label"),
            _switch("sound", "Sound"),
            _switch("notify", "Notification of the browser, while another tab is in front"),
            _switch("title", "Title and icon of the tab"),
        ),
        plain_panel(
            rx.el.h2("Device", class_name="heading"),
            _switch("awake", "Keep the screen on while a race is shown"),
            rx.el.p(
                "Pitwall can be installed as an app from your browser's menu. Without a network it "
                "says so; it shows no race from memory.",
                class_name="hint",
            ),
        ),
        plain_panel(
            rx.el.h2("Embeds", class_name="heading"),
            rx.el.p(
                # A page of its own, which the app does not know.
                rx.el.a("Put the live race on a stream or a page", href="/embed", target="_top"),
                class_name="hint",
            ),
        ),
        here="/settings",
    )


def _choice(name: str, words: str, *options: tuple[str, str]) -> rx.Component:
    return rx.el.label(
        rx.el.span(words, class_name="label"),
        rx.el.select(
            *[rx.el.option(shown, value=value) for value, shown in options],
            id=f"setting-{name}",
            custom_attrs={"data-setting": name},
        ),
        class_name="choice",
    )


def _switch(name: str, words: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", id=f"setting-{name}", custom_attrs={"data-setting": name}),
        rx.el.span(words),
        class_name="switch",
    )
