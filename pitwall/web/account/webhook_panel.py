"""Lay out the panel in which accounts register webhooks, try them and see what failed."""

from __future__ import annotations

import reflex as rx

from pitwall.domain.webhooks import HookEvent
from pitwall.web.account.forms import (
    Asking,
    Field,
    check,
    choice,
    field,
    form,
    form_button,
    shown_once,
)
from pitwall.web.shared.account_state import AccountState
from pitwall.web.shared.hook_rows import DeadItem, HookItem
from pitwall.web.shared.plain_page import plain_panel
from pitwall.web.shared.typed import as_var

_FORM = "hook"
_PATH = "/account/webhooks"


def webhook_panel() -> rx.Component:
    """Draw the webhooks of the account, and the form for a new one."""
    rows = as_var(AccountState.hooks)
    return plain_panel(
        rx.el.h2("Webhooks", class_name="heading", tab_index=-1),
        rx.el.p(
            "Pitwall tells another program, a phone or a channel what happens in a race. An "
            "address of ntfy or Discord works without code; other receivers get signed JSON. See "
            "the ",
            rx.el.a("routes of webhooks", href="/docs#tag/webhooks", reload_document=True),
            ".",
            class_name="hint",
        ),
        rx.cond(
            rows.length() > 0,
            rx.el.ul(rx.foreach(rows, _hook), class_name="owned hooks"),
            rx.el.p("You have no webhooks yet.", class_name="quiet"),
        ),
        shown_once(
            "new-secret",
            "The secret that signs what is sent. Copy it now: it is not shown again.",
        ),
        rx.el.details(
            rx.el.summary("Add a webhook"),
            _new_hook(),
            id="add-hook",
        ),
    )


def _new_hook() -> rx.Component:
    return form(
        _FORM,
        Asking(f"POST {_PATH}", "secret", "The webhook is registered."),
        [
            Field(
                "url",
                "Address",
                "url",
                hint="For a phone: https://ntfy.sh/ and a topic that nobody guesses. For Discord: "
                "the address in the channel's settings, under Integrations.",
                most=1000,
            ),
            Field("name", "Name", "text", most=60, required=False),
            choice(
                _FORM,
                "kind",
                "Kind",
                [
                    ("", "By its address"),
                    ("generic", "Signed JSON"),
                    ("ntfy", "ntfy"),
                    ("discord", "Discord"),
                ],
            ),
            rx.el.fieldset(
                rx.el.legend("Tell it of", class_name="label"),
                _event(HookEvent.CHANCE_ABOVE, "A battle whose chance is high", checked=True),
                _percent("p_above", "From this chance on, in %", value="40"),
                _event(HookEvent.PASSED, "Passes", checked=True),
                _percent("pass_below", "Only those given less, in %", hint="Empty: all passes."),
                _event(HookEvent.BATTLE_OPENED, "Attacks that begin"),
                _event(HookEvent.BATTLE_ENDED, "Battles that end otherwise"),
                _event(HookEvent.FLAG, "Flags and safety cars"),
                class_name="choices",
            ),
            Field(
                "drivers",
                "Only these drivers",
                "text",
                hint="Three letters or car numbers, such as NOR, 81. Empty: all drivers.",
                most=120,
                sent_as="list",
                required=False,
            ),
            choice(
                _FORM,
                "role",
                "When they",
                [
                    ("any", "attack or defend"),
                    ("attacker", "attack"),
                    ("defender", "defend"),
                ],
            ),
            check(_FORM, "only_live", "Only real races, as they happen", checked=True),
        ],
        "Add the webhook",
    )


def _event(event: HookEvent, words: str, *, checked: bool = False) -> rx.Component:
    return check(_FORM, "events", words, value=event.value, checked=checked)


def _percent(name: str, label: str, *, value: str = "", hint: str = "") -> rx.Component:
    return rx.el.div(
        field(
            Field(
                name,
                label,
                "number",
                hint=hint,
                most=5,
                sent_as="percent",
                value=value,
                required=False,
            ),
            _FORM,
        ),
        class_name="detail",
    )


def _hook(row: rx.Var[HookItem]) -> rx.Component:
    path = f"{_PATH}/{row.id}"
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.name),
            rx.el.span(row.kind, class_name="badge"),
            rx.cond(row.is_paused, rx.el.span("Paused", class_name="badge warning"), rx.fragment()),
            rx.cond(row.name != row.host, rx.el.p(row.host, class_name="hint"), rx.fragment()),
            rx.el.ul(
                rx.foreach(row.wants, _want),
                class_name="wants",
            ),
            rx.el.p(row.state, class_name=rx.cond(row.is_well, "hint", "hint is-error")),
            rx.cond(row.error != "", rx.el.p(row.error, class_name="hint is-error"), rx.fragment()),
            rx.el.p(row.counts, class_name="hint"),
        ),
        rx.el.div(
            form_button(Asking(f"POST {path}/test", "tested"), "Test", f"Test {row.name}"),
            rx.cond(
                row.is_paused,
                _pause(path, row, "false", "Resume"),
                _pause(path, row, "true", "Pause"),
            ),
            rx.cond(
                row.is_signed,
                form_button(
                    Asking(f"POST {path}/secret", "secret"),
                    "New secret",
                    f"New secret of {row.name}",
                ),
                rx.fragment(),
            ),
            form_button(Asking(f"DELETE {path}", "refresh"), "Delete", f"Delete {row.name}"),
            class_name="acts",
        ),
        rx.cond(row.dead != "", _dead(path, row), rx.fragment()),
        key=row.id,
    )


def _want(words: rx.Var[str]) -> rx.Component:
    return rx.el.li(words)


def _pause(path: str, row: rx.Var[HookItem], value: str, words: str) -> rx.Component:
    paused = rx.el.input(
        type="hidden", name="paused", value=value, custom_attrs={"data-as": "yes-no"}
    )
    return form_button(Asking(f"PATCH {path}", "refresh"), words, f"{words} {row.name}", paused)


def _dead(path: str, row: rx.Var[HookItem]) -> rx.Component:
    """Draw the dead-letter list of a webhook."""
    return rx.el.details(
        rx.el.summary("Given up: ", rx.el.span(row.dead)),
        form_button(
            Asking(f"POST {path}/resend", "refresh"),
            "Send all again",
            f"Send all of {row.name} again",
        ),
        rx.el.ul(rx.foreach(row.letters, _letter), class_name="owned"),
        class_name="dead",
    )


def _letter(row: rx.Var[DeadItem]) -> rx.Component:
    path = f"{_PATH}/{row.hook_id}/deliveries/{row.id}"
    return rx.el.li(
        rx.el.div(
            rx.el.span(row.words),
            rx.el.p(row.at, class_name="hint"),
            rx.el.p(row.error, class_name="hint is-error"),
        ),
        form_button(
            Asking(f"POST {path}/resend", "refresh"), "Send again", f"Send again: {row.words}"
        ),
        key=row.id,
    )
