"""Draw a list of tabs of which one panel is mounted, by `assets/tabs.jsx`."""

from __future__ import annotations

from collections.abc import Sequence

import reflex as rx


class TabbedPanels(rx.Component):
    """Tabs with one panel each; the children are the panels, in the order of `names`.

    Attributes:
        names: What the address and scripts call the panels; the first is open at first.
        words: What the tabs say.
        label: What the tabs are about, for screen readers.
        opening: A panel to open until the visitor has chosen one; "" for the first.
    """

    library = "$/public/tabs.jsx"
    tag = "Tabs"

    names: rx.Var[list[str]]
    words: rx.Var[list[str]]
    label: rx.Var[str]
    opening: rx.Var[str]


def tabs(
    panels: Sequence[tuple[str, str, rx.Component]],
    *,
    label: str,
    opening: str | rx.Var[str] = "",
) -> rx.Component:
    """Return tabs.

    Args:
        panels: Name, words and content of each panel.
        label: What the tabs are about, for screen readers.
        opening: A panel to open until the visitor has chosen one.
    """
    made: rx.Component = TabbedPanels.create(
        *[rx.el.div(panel, key=name) for name, _, panel in panels],
        names=[name for name, _, _ in panels],
        words=[words for _, words, _ in panels],
        label=label,
        opening=opening,
    )
    return made
