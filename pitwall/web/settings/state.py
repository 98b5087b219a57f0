"""Hold the settings that the server needs to know: whose results are hidden."""

from __future__ import annotations

import reflex as rx


class SettingsState(rx.State):
    """What one tab of the settings page shows."""

    spoilers: str = rx.LocalStorage("auto", name="pitwall_spoilers")

    @rx.event
    def set_spoilers(self, wish: str) -> None:
        """Hide the newest race until it is played, all races, or none; for every page."""
        self.spoilers = wish
