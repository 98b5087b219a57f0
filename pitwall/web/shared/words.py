"""Say the words of pages in the visitor's language.

Pages are written in English and built once. `in_words` replaces each text of a built page by a
look-up, which `assets/words.jsx` answers in the browser from the catalogue of the language; so no
page needs to mark its words. What reaches a page in a row is looked up as well: such words are
listed in `pitwall/web/locales/rows.txt`, with `{}` for what varies.

It knows how Reflex holds the text of a component (`Bare`), and the hooks of a Var;
`tests/web/test_languages.py` fails when an upgrade changes that.

The catalogues are gettext files in `pitwall/web/locales`. `python scripts/words.py` finds new
words, and writes what the browser loads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import VarData
from reflex_base.vars.sequence import LiteralStringVar
from reflex_components_core.base.bare import Bare

_HOOK: Final = "const pitwall_words = useWords();"
_DATA: Final = VarData(
    imports={"$/public/words.jsx": [ImportVar(tag="useWords")]}, hooks={_HOOK: None}
)
_ATTRIBUTES: Final = ("aria-label", "aria_label", "ariaLabel", "title", "placeholder")

found: set[str] = set()
"""The texts of all pages that were built by this process."""


def say(words: str | rx.Var[str]) -> rx.Var[str]:
    """Return a text in the visitor's language."""
    text = rx.Var.create(words)
    if isinstance(text, LiteralStringVar):
        found.add(text._var_value.strip())
    data = VarData.merge(_DATA, text._get_all_var_data())
    return rx.Var(f"pitwall_words({text!s})", _var_type=str, _var_data=data).to(str)


def in_words(page: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
    """Return a page whose texts are looked up in the visitor's language."""

    @functools.wraps(page)
    def translated() -> rx.Component:
        said: rx.Component = _translated(page())
        return said

    return translated


def _translated(component: Any) -> Any:  # noqa: ANN401  any component of Reflex
    if isinstance(component, Bare):
        component.contents = _said(component.contents)
        return component
    for name in ("title", "placeholder"):
        if isinstance(getattr(component, name, None), LiteralStringVar):
            setattr(component, name, _said(getattr(component, name)))
    attributes = getattr(component, "custom_attrs", None) or {}
    for name in _ATTRIBUTES:
        if isinstance(attributes.get(name), (str, LiteralStringVar)):
            attributes[name] = _said(rx.Var.create(attributes[name]))
    component.children = [_translated(child) for child in component.children]
    return component


def _said(text: Any) -> Any:  # noqa: ANN401
    """Return the look-up of a text, or of a row's text; what has no letter stays."""
    if isinstance(text, LiteralStringVar):
        return say(text) if any(c.isalpha() for c in text._var_value) else text
    return say(text) if isinstance(text, rx.Var) and text._var_type is str else text
