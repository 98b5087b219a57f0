"""Lay out the pages to log in, to register and to manage log-ins, API keys and the password.

Their forms call `/auth` through `assets/account.js`, which shows errors and the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from pitwall.web.shared.account_state import AccountState, KeyItem, LogInItem
from pitwall.web.shared.plain_page import plain_page, plain_panel
from pitwall.web.shared.typed import as_handler, as_var


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        name: The route's name for it; errors refer to it.
        kind: The input's type.
        autocomplete: What browsers and password managers may fill in.
        hint: Text below the field; "" for none.
        most: Longest text, characters.
    """

    name: str
    label: str
    kind: str
    autocomplete: str
    hint: str = ""
    most: int = 256


@dataclass(frozen=True, slots=True)
class Asking:
    """The request that a form sends, and what happens then.

    Attributes:
        ask: Method and path, such as `POST /auth/login`.
        then: What the script does after success: `next`, `log-in`, `refresh`, `key` or
            `go PATH`.
        success: The message after success.
    """

    ask: str | rx.Var[str]
    then: str
    success: str = ""

    @property
    def attributes(self) -> dict[str, str | rx.Var[str]]:
        """The form's attributes that the script reads."""
        return {"data-ask": self.ask, "data-then": self.then, "data-success": self.success}


def log_in_list(rows: rx.Var[list[LogInItem]]) -> rx.Component:
    """Draw the log-ins, last used first."""
    return rx.el.ul(rx.foreach(rows, _log_in), class_name="owned")


def key_list(rows: rx.Var[list[KeyItem]]) -> rx.Component:
    """Draw the API keys, newest first."""
    return rx.cond(
        rows.length() > 0,
        rx.el.ul(rx.foreach(rows, _key), class_name="owned"),
        rx.el.p("You have no API keys yet.", class_name="quiet"),
    )


def _log_in(row: rx.Var[LogInItem]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.browser),
            rx.cond(
                row.is_current, rx.el.span("this browser", class_name="badge pace"), rx.fragment()
            ),
            rx.el.p(
                f"Last used {row.used} · logged in {row.since} · expires {row.until}",
                class_name="hint",
            ),
        ),
        rx.cond(
            row.is_current,
            rx.fragment(),
            _form_button(
                Asking(f"DELETE /auth/sessions/{row.id}", "refresh"), "End", f"End {row.browser}"
            ),
        ),
        key=row.id,
    )


def _key(row: rx.Var[KeyItem]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.name),
            rx.el.code(f"{row.prefix}_…"),
            rx.el.p(f"Made {row.made} · {row.used}", class_name="hint"),
        ),
        _form_button(
            Asking(f"DELETE /auth/keys/{row.id}", "refresh"), "Revoke", f"Revoke {row.name}"
        ),
        key=row.id,
    )


_EMAIL = Field("email", "E-mail", "email", "username", most=254)

_PASSWORD = Field("password", "Password", "password", "current-password")

_KEY_NAME = Field(
    "name", "Name of a new key", "text", "off", "For example the program that will use it.", most=60
)

_NEW = "At least 10 characters, and not a common password. A short sentence works well."


def log_in_page() -> rx.Component:
    """Lay out the page to log in, which then goes to `?next=`."""
    return plain_page(
        "Log in",
        plain_panel(
            _already_logged_in(),
            _form(
                "log-in",
                Asking("POST /auth/login", "next"),
                [_EMAIL, _PASSWORD],
                "Log in",
            ),
            rx.el.p(
                "No account yet? ",
                rx.el.a("Register", href="/register", custom_attrs={"data-keep-next": ""}),
                ". Forgotten your password? The owner of this server can set a new one.",
                class_name="hint",
            ),
        ),
    )


def register_page() -> rx.Component:
    """Lay out the page to open an account, which then logs in and goes to `?next=`."""
    return plain_page(
        "Register",
        plain_panel(
            _already_logged_in(),
            _form(
                "register",
                Asking("POST /auth/register", "log-in"),
                [_EMAIL, Field("password", "Password", "password", "new-password", _NEW)],
                "Open an account",
            ),
            rx.el.p(
                "Your e-mail address is only used to log in. No mail is sent. ",
                "Already have an account? ",
                rx.el.a("Log in", href="/login", custom_attrs={"data-keep-next": ""}),
                ".",
                class_name="hint",
            ),
        ),
    )


def account_page() -> rx.Component:
    """Lay out the page to manage one's account."""
    return plain_page(
        "Account",
        plain_panel(_who()),
        plain_panel(
            rx.el.h2("Log-ins", class_name="heading", tab_index=-1),
            log_in_list(as_var(AccountState.log_ins)),
            _form_button(
                Asking("DELETE /auth/sessions", "refresh", "All other log-ins have ended."),
                "End all others",
                "End all other log-ins",
            ),
        ),
        plain_panel(
            rx.el.h2("API keys", class_name="heading", tab_index=-1),
            rx.el.p(
                "A program with an API key can read what you can read, but cannot change your "
                "account. Send the key in the header ",
                rx.el.code("Authorization: Bearer …"),
                ". See the ",
                rx.el.a("API documentation", href="/docs", reload_document=True),
                ".",
                class_name="hint",
            ),
            _new_key(),
            key_list(as_var(AccountState.keys)),
            _form(
                "key",
                Asking("POST /auth/keys", "key"),
                [_KEY_NAME],
                "Make a key",
            ),
        ),
        plain_panel(
            rx.el.h2("Password", class_name="heading", tab_index=-1),
            _form(
                "change",
                Asking(
                    "POST /auth/password",
                    "refresh",
                    "Your password is changed. All other log-ins have ended. API keys still work.",
                ),
                [
                    Field("old_password", "Current password", "password", "current-password"),
                    Field("new_password", "New password", "password", "new-password", _NEW),
                ],
                "Change the password",
                of=as_var(AccountState.email),
            ),
        ),
        plain_panel(
            rx.el.h2("Delete account", class_name="heading", tab_index=-1),
            rx.el.p(
                "This deletes your account with its log-ins, its API keys and everything else "
                "stored for you. It cannot be undone.",
                class_name="hint",
            ),
            _form(
                "leave",
                Asking("DELETE /auth/me", "go /"),
                [_PASSWORD],
                "Delete my account",
                of=as_var(AccountState.email),
            ),
            kind="danger",
        ),
        rx.el.button(
            "Refresh",
            id="account-refresh",
            type="button",
            hidden=True,
            on_click=as_handler(AccountState.show),
        ),
        here="/account",
    )


def _who() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            rx.el.span("Logged in as ", class_name="label"),
            rx.el.strong(as_var(AccountState.email), class_name="who"),
            rx.cond(
                as_var(AccountState.is_owner),
                rx.el.span("owner", class_name="badge"),
                rx.fragment(),
            ),
        ),
        _form_button(Asking("POST /auth/logout", "go /"), "Log out", "Log out"),
        class_name="who-row",
    )


def _already_logged_in() -> rx.Component:
    email = as_var(AccountState.email)
    return rx.cond(
        email != "",
        rx.el.p(
            "You are logged in as ",
            rx.el.a(email, href="/account", class_name="who"),
            ".",
            class_name="hint",
        ),
        rx.fragment(),
    )


def _new_key() -> rx.Component:
    """Draw the field in which the script shows a new key, once."""
    return rx.el.div(
        rx.el.label("Your new key. Copy it now: it is not shown again.", html_for="new-key"),
        rx.el.input(id="new-key", read_only=True, auto_complete="off", spell_check=False),
        rx.el.button("Copy", type="button", id="copy-key", class_name="act act-small"),
        id="new-key-place",
        hidden=True,
        class_name="new-key",
    )


def _form(
    name: str,
    asking: Asking,
    fields: list[Field],
    button: str,
    of: rx.Var[str] | None = None,
) -> rx.Component:
    """Draw a form.

    Args:
        name: Unique on the page; the ids of its fields begin with it.
        asking: The request that it sends.
        fields: The fields, in order.
        button: The text of its button.
        of: The account whose password is asked for, for password managers; None where a field
            names it.
    """
    has_password = any(field.kind == "password" for field in fields)
    return rx.el.form(
        # An input without a name is not sent.
        rx.el.input(type="email", value=of, auto_complete="username", read_only=True, hidden=True)
        if of is not None
        else rx.fragment(),
        *[_field(field, name) for field in fields],
        _reveal(name) if has_password else rx.fragment(),
        rx.el.p(class_name="form-status", role="status", id=f"{name}-status"),
        rx.el.button(button, type="submit", class_name="act"),
        # Without the script a GET would put the password into the address.
        method="post",
        no_validate=True,
        class_name="form",
        custom_attrs=asking.attributes,
    )


def _field(field: Field, form: str) -> rx.Component:
    place = f"{form}-{field.name}"
    described_by = f"{place}-error {place}-hint" if field.hint else f"{place}-error"
    return rx.el.div(
        rx.el.label(field.label, html_for=place, class_name="label"),
        rx.el.input(
            id=place,
            name=field.name,
            type=field.kind,
            auto_complete=field.autocomplete,
            max_length=field.most,
            required=True,
            spell_check=False,
            auto_capitalize="none",
            custom_attrs={"aria-describedby": described_by},
        ),
        rx.el.p(id=f"{place}-error", class_name="field-error"),
        rx.el.p(field.hint, id=f"{place}-hint", class_name="hint") if field.hint else rx.fragment(),
        class_name="field",
    )


def _reveal(form: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", id=f"{form}-reveal", custom_attrs={"data-reveal": ""}),
        rx.el.span("Show password"),
        html_for=f"{form}-reveal",
        class_name="reveal",
    )


def _form_button(asking: Asking, words: str, label: str | rx.Var[str]) -> rx.Component:
    """Draw a form that is one button; `label` names its target where there are many in a list."""
    return rx.el.form(
        rx.el.button(words, type="submit", class_name="act act-small", aria_label=label),
        rx.el.p(class_name="form-status", role="status"),
        method="post",
        class_name="form-button",
        custom_attrs=asking.attributes,
    )
