"""Take the messages of race control into the race's state."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import timedelta
from itertools import islice, takewhile

from pitwall.domain import timed_reducer
from pitwall.domain.events import ControlSaid
from pitwall.domain.race import RaceState, TrackStatus

CONTROL_KEPT = 1000  # the longest race known has 286
_MAY_ENABLE = (TrackStatus.CLEAR, TrackStatus.YELLOW, TrackStatus.VSC_ENDING)
_SAME_MESSAGE = timedelta(seconds=2)


def control_said(race: RaceState, event: ControlSaid) -> RaceState:
    """Return the state after a message of race control; one told before changes nothing."""
    if _is_known(race, event):
        return race
    if event.is_repeated:
        race = replace(race, told=replace(race.told, repeats_control=True))
    place = bisect_right(race.control, event.message.at, key=lambda message: message.at)
    if race.timed is not None:
        if race.timed.is_followed:
            return race
        race = timed_reducer.with_ruling(race, event.message)
    enabled, low_grip = race.overtake_enabled, race.low_grip
    if place == len(race.control):  # an old message that comes late changes no ruling
        text = event.message.message.upper()
        if text.startswith(("DRS ", "OVERTAKE ")) and text.endswith(("ENABLED", "DISABLED")):
            # Some come a few seconds before a virtual safety car ends.
            resumes = race.track_status in _MAY_ENABLE
            enabled = text.endswith("ENABLED") and resumes
        if "LOW GRIP" in text or "NORMAL GRIP" in text:
            low_grip = "LOW GRIP" in text
    control = (*race.control[:place], event.message, *race.control[place:])
    return replace(
        race,
        control=control[-CONTROL_KEPT:],
        overtake_enabled=enabled,
        low_grip=low_grip,
        as_of=max(race.as_of, event.sent_at),
    )


def _is_known(race: RaceState, event: ControlSaid) -> bool:
    """Whether a message was told before: a feed that reconnects repeats itself.

    A topic that repeats those of another may stamp and describe them a little otherwise.
    """
    message, known = event.message, race.control
    if not (event.is_repeated or race.told.repeats_control):
        first = bisect_left(known, message.at, key=lambda each: each.at)
        return message in takewhile(lambda each: each.at == message.at, islice(known, first, None))
    return any(
        each.message == message.message and abs(each.at - message.at) <= _SAME_MESSAGE
        for each in reversed(known)
    )
