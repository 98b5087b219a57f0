"""Show times in the zone that the visitor chose; `assets/local_time.jsx` draws them.

Rows hold UTC, as they are shared by all visitors; only the browser knows the zone.
"""

from __future__ import annotations

import reflex as rx

_LIBRARY = "$/public/local_time.jsx"


class RaceClock(rx.Component):
    """A race's time of day as seven segments.

    Attributes:
        clock: UTC, such as `13:05:07`.
        day: Its date, UTC.
        offset: Seconds that the circuit's clocks are ahead of UTC; None when not known.
    """

    library = _LIBRARY
    tag = "RaceClock"

    clock: rx.Var[str]
    day: rx.Var[str]
    offset: rx.Var[int | None]


class ZoneName(rx.Component):
    """The name of the zone in which `RaceClock` shows the time."""

    library = _LIBRARY
    tag = "ZoneName"

    offset: rx.Var[int | None]
