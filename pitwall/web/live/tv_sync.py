"""Estimate how far a viewer's TV is behind the data, from presses when the TV shows something.

A press says: at this moment my TV shows the start of lap 12, or lights out, or this pass. The
frames tell when the data showed it.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import Phase

FAR_OFF_S: Final = 5.0  # from the median: the press was for something else
MOST_PRESSES: Final = 12
LIGHTS_OUT: Final = "start"


@dataclass(frozen=True, slots=True)
class DelayEstimate:
    """What the presses say.

    Attributes:
        delay_s: Their median, to a tenth of a second.
        spread_s: Their standard deviation; None with fewer than two.
        presses: How many count.
        left_out: How many were far from the others.
    """

    delay_s: float
    spread_s: float | None
    presses: int
    left_out: int = 0

    @property
    def words(self) -> str:
        """The estimate as a sentence."""
        if self.spread_s is None:
            return f"{self.delay_s:.1f} s, from one press. Press again to see how sure that is."
        left_out = f", {self.left_out} left out as far off" if self.left_out else ""
        return (
            f"{self.delay_s:.1f} s \N{PLUS-MINUS SIGN} {self.spread_s:.1f} s, "
            f"from {self.presses} presses{left_out}."
        )


def estimate(presses: Sequence[float]) -> DelayEstimate | None:
    """Return the delay that presses say; None without any.

    >>> estimate([12.0, 12.4, 12.2, 97.0]).words
    '12.2 s ± 0.2 s, from 3 presses, 1 left out as far off.'
    >>> estimate([12.0]).spread_s is None
    True
    """
    if not presses:
        return None
    middle = statistics.median(presses)
    near = [each for each in presses if abs(each - middle) <= FAR_OFF_S] or [presses[-1]]
    spread = statistics.stdev(near) if len(near) > 1 else None
    return DelayEstimate(
        round(statistics.median(near), 1), spread, len(near), len(presses) - len(near)
    )


def shown_at(frames: Sequence[LiveFrame], cue: str) -> datetime | None:
    """Return when the data showed something; None where no frame kept tells it.

    Args:
        frames: The frames that are kept, oldest first.
        cue: `lap 12` for the leader's start of that lap, `start` for lights out, or the number
            of the attacker, the defender and the instant of a pass, such as `4-81-131203`.
    """
    if cue == LIGHTS_OUT:
        return _first(frames, [frame.header.phase is Phase.STARTED for frame in frames])
    kind, _, lap = cue.partition(" ")
    if kind == "lap" and lap.isdecimal():
        return _first(frames, [(frame.header.lap or 0) >= int(lap) for frame in frames])
    return _pass_at(frames, cue)


def _first(frames: Sequence[LiveFrame], holds: Sequence[bool]) -> datetime | None:
    """Return when something began to hold; None where it did from the first frame on, or never."""
    place = next((place for place, held in enumerate(holds) if held), 0)
    return frames[place].published_at if place else None


def _pass_at(frames: Sequence[LiveFrame], cue: str) -> datetime | None:
    ended_at = next(
        (
            ended.ended_at
            for frame in reversed(frames)
            for ended in frame.ended
            if f"{ended.attacker}-{ended.defender}-{ended.ended_at:%H%M%S}" == cue
        ),
        None,
    )
    if ended_at is None:
        return None
    # A pass is told seconds after it, so its own instant on the race's clock is looked for.
    holds = [frame.header.as_of is not None and frame.header.as_of >= ended_at for frame in frames]
    return _first(frames, holds)
