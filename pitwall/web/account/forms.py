"""Forms that ask `/auth` through `assets/account.js`: fields, their errors, and the answer."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        name: As the route calls it; errors come back under it.
        kind: The input's type.
        autocomplete: What browsers and password managers may fill in.
        hint: Below the field, "" for nothing.
        most: Longest text.
    """

    name: str
    label: str
    kind: str
    autocomplete: str
    hint: str = ""
    most: int = 256


@dataclass(frozen=True, slots=True)
class Asking:
    """What a form asks, and what happens then.

    Attributes:
        ask: Method and path, such as `POST /auth/login`.
        then: What the script does after success: `next`, `log-in`, `refresh`, `key` or
            `go PATH`.
        said: What is said after success.
    """

    ask: str | rx.Var[str]
    then: str
    said: str = ""

    @property
    def attributes(self) -> dict[str, str | rx.Var[str]]:
        """What the script reads of it."""
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
        asking: What it asks.
        fields: In order.
        button: What its button says.
        of: Whose password it asks for, for password managers; None where a field tells.
    """
    has_password = any(field.kind == "password" for field in fields)
    return rx.el.form(
        # Without a name it is not sent.
        rx.el.input(type="email", value=of, auto_complete="username", read_only=True, hidden=True)
        if of is not None
        else rx.fragment(),
        *[_field(field, name) for field in fields],
        _reveal(name) if has_password else rx.fragment(),
        rx.el.p(class_name="form-said", role="status", id=f"{name}-said"),
        rx.el.button(button, type="submit", class_name="act"),
        # Without the script a GET would put what was typed into the address.
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
        rx.el.span("Show what I type"),
        html_for=f"{form}-reveal",
        class_name="reveal",
    )


def asking_button(asking: Asking, words: str, label: str | rx.Var[str]) -> rx.Component:
    """Draw a form that is one button; `label` says for whom, where many stand in a list."""
    return rx.el.form(
        rx.el.button(words, type="submit", class_name="act act-small", aria_label=label),
        rx.el.p(class_name="form-said", role="status"),
        method="post",
        class_name="form-button",
        custom_attrs=asking.attributes,
    )
