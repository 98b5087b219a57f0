"""Hold the figures of the page about the forecasts: how they came out, by the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import reflex as rx

from pitwall import services
from pitwall.analysis.track_record import TrackRecord
from pitwall.domain.ledger import Made
from pitwall.errors import PitwallError
from pitwall.web.shared.account_state import account_of
from pitwall.web.shared.spoilers import veil_of

_FEW: Final = 30  # laps of battles: a share of fewer says little


@dataclass
class ShareRow:
    """Forecasts of about the same chance, and how often they came true."""

    said: str = ""
    came: str = ""
    laps: str = ""


class AboutState(rx.State):
    """What one tab of the page shows."""

    which: str = ""
    better: str = ""
    nothing: str = ""
    model: str = ""
    shares: list[ShareRow] = []

    spoilers: str = rx.LocalStorage("auto", name="pitwall_spoilers")
    played: str = rx.LocalStorage("", name="pitwall_played")

    @rx.event
    async def show(self) -> None:
        """Show the record of the forecasts made before their outcome, real races first."""
        ports = services.current()
        self.model = ports.about.model_version
        is_guest = await account_of(self.router.session.client_token) is None
        try:
            veil = await veil_of(ports.races(), self.spoilers, self.played, is_guest=is_guest)
            for simulated in (False, True):
                record = await ports.track_records().record(Made.LIVE, simulated=simulated)
                if record.overall is None:
                    continue
                if all(veil.hides(one.run.race_id) for one in record.races):
                    self.nothing = (
                        "The only races with a record are hidden, as you wanted no spoilers."
                    )
                    return
                self._show(record, simulated=simulated)
                return
        except PitwallError as error:
            self.nothing = str(error)
            return
        self.nothing = (
            "This server has made no forecast yet whose outcome is known. The figures appear with "
            "the first race that it shows."
        )

    def _show(self, record: TrackRecord, *, simulated: bool) -> None:
        score = record.overall
        if score is None:
            return
        what = "simulated" if simulated else "real"
        races = "race" if score.races == 1 else "races"
        self.nothing = ""
        self.which = (
            f"{score.forecasts:,} forecasts of {score.races:,} {what} {races}, each written down "
            "before its outcome was known."
        )
        gained = score.gap_log_loss - score.log_loss
        self.better = (
            f"Log-loss {score.log_loss:.4f}; a forecast from the gap alone would have had "
            f"{score.gap_log_loss:.4f}, which is {'worse' if gained > 0 else 'better'}."
        )
        self.shares = share_rows(record)


def share_rows(record: TrackRecord) -> list[ShareRow]:
    """Return how often forecasts came true, by the chance that they gave."""
    return [
        ShareRow(
            f"{100 * one.low:.0f} to {100 * one.high:.0f} %",
            f"{100 * one.share_passed:.0f} %" + (" (few cases)" if one.laps < _FEW else ""),
            f"{one.laps:,}",
        )
        for one in record.reliability
    ]
