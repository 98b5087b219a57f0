"""Which map belongs to a picture: of the race on the live page, or of a kept one."""

from __future__ import annotations

from pitwall import services
from pitwall.domain.circuits import NO_MAP, TrackMap
from pitwall.domain.frames import LiveFrame
from pitwall.pipeline.recorder import kept_id


def live_map(frame: LiveFrame) -> TrackMap:
    """Return what is known by now of the circuit of a frame's race."""
    return map_of(kept_id(frame.header)) if frame.header.race_id else NO_MAP


def map_of(race_id: str) -> TrackMap:
    """Return what is known by now of the circuit of a kept race."""
    maps = services.current().maps
    return TrackMap(race_id) if maps is None else maps.map_of(race_id)
