"""Draw forms that call `/auth` through `assets/account.js`: fields, errors and the answer."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx


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
        said: The message after success.
    """

    ask: str | rx.Var[str]
    then: str
    said: str = ""

    @property
    def attributes(self) -> dict[str, str | rx.Var[str]]:
        """The form's attributes that the script reads."""
        return {"data-ask": self.ask, "data-then": self.then, "data-said": self.said}


def asking_form(
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
        rx.el.p(class_name="form-said", role="status", id=f"{name}-said"),
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


def asking_button(asking: Asking, words: str, label: str | rx.Var[str]) -> rx.Component:
    """Draw a form that is one button; `label` names its target where there are many in a list."""
    return rx.el.form(
        rx.el.button(words, type="submit", class_name="act act-small", aria_label=label),
        rx.el.p(class_name="form-said", role="status"),
        method="post",
        class_name="form-button",
        custom_attrs=asking.attributes,
    )
