"""Format the clock of a tab of the live page, and read the TV delay that a visitor types."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from pitwall.web.live.live_clock import CATCH_UP, LiveClock
from pitwall.web.shared.header_rows import HeaderRow, NoticeRow
from pitwall.web.shared.page_rows import PageRows, waiting_rows


@dataclass(frozen=True, slots=True)
class ClockRow:
    """Which moment the tab shows.

    Attributes:
        mode: `live` for the newest frame, `delayed`, `paused`, `catching`, or `hidden` while the
            race is hidden from the viewer.
        words: It as a few words; "" for the newest frame.
    """

    mode: str = "live"
    words: str = ""


def clock_row(clock: LiveClock, behind_s: float) -> ClockRow:
    """Return the row of a clock that is so far behind the newest frame."""
    if clock.is_paused:
        return ClockRow("paused", f"Paused, {behind_s:.0f} s behind")
    if clock.held is not None:
        speed = f"{CATCH_UP:g}\N{MULTIPLICATION SIGN}"
        return ClockRow("catching", f"Catching up at {speed}, {behind_s:.0f} s behind")
    return ClockRow("delayed" if clock.delay_s else "live")


def read_delay(text: str) -> float | None:
    """Return the seconds that were typed, with a point or a comma; None if it is no number.

    >>> read_delay("12,5"), read_delay(" 3 "), read_delay("soon"), read_delay("nan")
    (12.5, 3.0, None, None)
    """
    try:
        seconds = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return round(seconds, 1) if math.isfinite(seconds) else None


def hidden_rows(sequence: int) -> PageRows:
    """Return a page that tells nothing of the race, for a viewer who wants no spoilers."""
    header = HeaderRow(race="A race is hidden", source_word="Hidden", flag_word="Hidden")
    return {
        **waiting_rows(sequence, 0),
        "header": asdict(header),
        "notice": asdict(NoticeRow()),
        "empty": asdict(
            NoticeRow(
                "waiting",
                "Hidden: no spoilers",
                "You chose not to see results. Nothing of this race is sent to this page until "
                "you show it, above.",
            )
        ),
    }
