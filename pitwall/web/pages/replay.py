"""The replay page: a kept race from any moment, with the components of the live page."""

from __future__ import annotations

import reflex as rx

from pitwall.web.components.happenings import (
    disconnected_bar,
    notice_bar,
    race_control,
    spoken_feed,
)
from pitwall.web.components.race_header import race_header
from pitwall.web.components.race_picture import footer_of_forecasts, race_picture
from pitwall.web.components.replay_room import replay_room
from pitwall.web.components.timeline import timeline, timeline_key
from pitwall.web.components.transport import keys_dialog, transport
from pitwall.web.states.live import LiveState
from pitwall.web.states.replay import ReplayState
from pitwall.web.typed import as_var


def replay_page() -> rx.Component:
    """Lay the replay page out: controls and timeline stay above the picture as it is scrolled."""
    header, head = as_var(LiveState.header), as_var(ReplayState.head)
    return rx.el.div(
        rx.el.a("Skip to the battles", href="#battles", class_name="skip"),
        race_header(header, as_var(LiveState.pulse)),
        disconnected_bar(),
        notice_bar(as_var(LiveState.notice)),
        _trouble(),
        rx.el.div(transport(), timeline(), class_name="deck", id="deck"),
        timeline_key(),
        rx.el.div(race_control(header.control), class_name="strip"),
        race_picture(head.battle, rx.cond(head.race_id != "", replay_room(), rx.fragment())),
        spoken_feed(as_var(LiveState.spoken)),
        keys_dialog(),
        rx.el.footer(footer_of_forecasts()),
        class_name="pitwall replay",
    )


def _trouble() -> rx.Component:
    head = as_var(ReplayState.head)
    return rx.cond(
        head.title != "",
        rx.el.div(
            rx.el.strong(head.title),
            rx.el.span(head.detail),
            rx.el.a("All races", href="/races", reload_document=True),
            class_name="notice notice-failed",
            role="alert",
        ),
        rx.fragment(),
    )
