"""Draw the forms of the account pages, which `assets/account.js` sends to the API's routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import reflex as rx

As = Literal["text", "percent", "list", "flag", "yes-no", "choices", "optional"]
"""What the script makes of a field: `percent` a chance, `list` its words, `flag` whether it is
checked, `yes-no` the truth that it names, `choices` all that are checked; `optional` is left out
when it is empty."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        name: The route's name for it; errors refer to it.
        kind: The input's type.
        autocomplete: What browsers and password managers may fill in.
        hint: Text below the field; "" for none.
        most: Longest text, characters.
        sent_as: What the script makes of it.
        value: What it holds at first.
        required: Whether it must be filled in.
    """

    name: str
    label: str
    kind: str
    autocomplete: str = "off"
    hint: str = ""
    most: int = 256
    sent_as: As = "text"
    value: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Asking:
    """The request that a form sends, and what happens then.

    Attributes:
        ask: Method and path, such as `POST /auth/login`.
        then: What the script does after success: `next`, `log-in`, `refresh`, `key`, `secret`,
            `tested` or `go PATH`.
        success: The message after success.
    """

    ask: str | rx.Var[str]
    then: str
    success: str = ""

    @property
    def attributes(self) -> dict[str, str | rx.Var[str]]:
        """The form's attributes that the script reads."""
        return {"data-ask": self.ask, "data-then": self.then, "data-success": self.success}


def form(
    name: str,
    asking: Asking,
    fields: list[Field | rx.Component],
    button: str,
    of: rx.Var[str] | None = None,
) -> rx.Component:
    """Draw a form.

    Args:
        name: Unique on the page; the ids of its fields begin with it.
        asking: The request that it sends.
        fields: The fields, in order, or other parts between them.
        button: The text of its button.
        of: The account whose password is asked for, for password managers; None where a field
            names it.
    """
    has_password = any(isinstance(each, Field) and each.kind == "password" for each in fields)
    return rx.el.form(
        # An input without a name is not sent.
        rx.el.input(type="email", value=of, auto_complete="username", read_only=True, hidden=True)
        if of is not None
        else rx.fragment(),
        *[field(each, name) if isinstance(each, Field) else each for each in fields],
        _reveal(name) if has_password else rx.fragment(),
        rx.el.p(class_name="form-status", role="status", id=f"{name}-status"),
        rx.el.button(button, type="submit", class_name="act"),
        # Without the script a GET would put the password into the address.
        method="post",
        no_validate=True,
        class_name="form",
        custom_attrs=asking.attributes,
    )


def field(of: Field, form_name: str) -> rx.Component:
    """Draw one field of a form, with its label, its hint and the place of its error."""
    place = f"{form_name}-{of.name}"
    described_by = f"{place}-error {place}-hint" if of.hint else f"{place}-error"
    attributes = {"aria-describedby": described_by}
    if of.sent_as != "text":
        attributes["data-as"] = of.sent_as
    more = {"default_value": of.value} if of.value else {}
    return rx.el.div(
        rx.el.label(of.label, html_for=place, class_name="label"),
        rx.el.input(
            id=place,
            name=of.name,
            type=of.kind,
            auto_complete=of.autocomplete,
            max_length=of.most,
            required=of.required,
            spell_check=False,
            auto_capitalize="none",
            custom_attrs=attributes,
            **more,
        ),
        rx.el.p(id=f"{place}-error", class_name="field-error"),
        rx.el.p(of.hint, id=f"{place}-hint", class_name="hint") if of.hint else rx.fragment(),
        class_name="field",
    )


def choice(
    form_name: str, name: str, label: str, options: list[tuple[str, str]], sent_as: As = "optional"
) -> rx.Component:
    """Draw a field of which one option is chosen: pairs of value and text."""
    place = f"{form_name}-{name}"
    return rx.el.div(
        rx.el.label(label, html_for=place, class_name="label"),
        rx.el.select(
            *[rx.el.option(text, value=value) for value, text in options],
            id=place,
            name=name,
            custom_attrs={"aria-describedby": f"{place}-error", "data-as": sent_as},
        ),
        rx.el.p(id=f"{place}-error", class_name="field-error"),
        class_name="field",
    )


def check(
    form_name: str, name: str, label: str, *, value: str = "", checked: bool = False
) -> rx.Component:
    """Draw a box to check; with a value it is one of several choices of that name."""
    place = f"{form_name}-{name}" + (f"-{value}" if value else "")
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            id=place,
            name=name,
            value=value or "on",
            default_checked=checked,
            custom_attrs={"data-as": "choices" if value else "flag"},
        ),
        rx.el.span(label),
        html_for=place,
        class_name="reveal",
    )


def form_button(
    asking: Asking,
    words: str | rx.Var[str],
    label: str | rx.Var[str],
    *hidden: rx.Component,
) -> rx.Component:
    """Draw a form that is one button.

    Args:
        asking: The request that it sends.
        words: The text of the button.
        label: Names its target, where there are many in a list.
        hidden: Inputs that nobody sees, sent with it.
    """
    return rx.el.form(
        *hidden,
        rx.el.button(words, type="submit", class_name="act act-small", aria_label=label),
        rx.el.p(class_name="form-status", role="status"),
        method="post",
        class_name="form-button",
        custom_attrs=asking.attributes,
    )


def shown_once(name: str, label: str) -> rx.Component:
    """Draw the field in which the script shows a new key or secret, once."""
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.input(id=name, read_only=True, auto_complete="off", spell_check=False),
        rx.el.button(
            "Copy", type="button", class_name="act act-small", custom_attrs={"data-copy": name}
        ),
        id=f"{name}-place",
        hidden=True,
        class_name="new-key",
    )


def _reveal(form_name: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", id=f"{form_name}-reveal", custom_attrs={"data-reveal": ""}),
        rx.el.span("Show password"),
        html_for=f"{form_name}-reveal",
        class_name="reveal",
    )
