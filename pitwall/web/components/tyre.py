"""A tyre: its letter in a ring of its colour, and its age."""

from __future__ import annotations

import reflex as rx

from pitwall.web.rows.cars import CarRow


def tyre(car: rx.Var[CarRow]) -> rx.Component:
    """Draw the set a car is on; the words are in the title and read aloud."""
    return rx.el.span(
        rx.el.span(car.tyre, class_name=f"compound compound-{car.compound}", aria_hidden="true"),
        rx.el.span(car.tyre_age, class_name="tyre-age", aria_hidden="true"),
        rx.el.span(car.tyre_words, class_name="sr-only"),
        title=car.tyre_words,
        class_name="tyre",
    )
