"""What every page carries in its head: colours, icon, fonts and the scripts."""

from __future__ import annotations

import reflex as rx

PANEL_COLOUR = "#0b0d0a"


def head_components() -> list[rx.Component]:
    """Return the head of every page; nothing in it is fetched from elsewhere."""
    return [
        rx.el.meta(name="theme-color", content=PANEL_COLOUR),
        rx.el.meta(name="color-scheme", content="dark"),
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.script(src="/watchdog.js", defer=True),
        rx.el.script(src="/account.js", defer=True),
        rx.el.script(src="/replay.js", defer=True),
    ]
