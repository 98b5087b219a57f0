"""Make frames that follow each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.engine.clock import wall_now
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import RaceEngine
from tests.engine.test_race_engine import CountingPredictor
from tests.makers import a_duel, at

A_QUARTER = timedelta(seconds=0.25)


def a_frame(sequence: int = 1, source: str = "simulated", seconds: float = 20) -> LiveFrame:
    """Return a frame of a race of two cars with a battle, and a forecast for it."""
    engine = RaceEngine(CountingPredictor())
    for message in a_duel(60):
        if message.sent_at <= at(seconds):
            engine.take(message)
    engine.settle(at(seconds))
    view = FeedView(source, f"{source}:1", FeedState.FLOWING)
    return build_frame(engine.state, view, Stamp(sequence, wall_now(), 0.2), "counting")


def later(frame: LiveFrame, by: timedelta = A_QUARTER) -> LiveFrame:
    """Return the same frame as the next one, published a while later."""
    return replace(frame, sequence=frame.sequence + 1, published_at=frame.published_at + by)


def with_header(frame: LiveFrame, **changes: object) -> LiveFrame:
    """Return a frame with another header."""
    return replace(frame, header=replace(frame.header, **changes))  # type: ignore[arg-type]
