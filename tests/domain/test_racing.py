"""Test since when the cars race, and when DRS or Overtake Mode is off, by flags and messages."""

from __future__ import annotations

import pytest

from pitwall.domain import events as race_events
from pitwall.domain.race import START_OF_TIME, ControlMessage, Phase, RaceState, TrackStatus
from pitwall.domain.reducer import apply
from tests.makers import at

CLEAR, YELLOW, SC, RED, VSC, ENDING = (
    TrackStatus.CLEAR,
    TrackStatus.YELLOW,
    TrackStatus.SAFETY_CAR,
    TrackStatus.RED,
    TrackStatus.VIRTUAL_SAFETY_CAR,
    TrackStatus.VSC_ENDING,
)
ENABLED, DISABLED = "DRS ENABLED", "DRS DISABLED"


def after(*story: TrackStatus | Phase | str) -> RaceState:
    """Return the state after a story whose events come ten seconds apart, the first at 10 s."""
    race = RaceState()
    for number, told in enumerate(story, start=1):
        now = at(10 * number)
        event: race_events.TimingEvent
        if isinstance(told, TrackStatus):
            event = race_events.TrackStatusChanged(now, told)
        elif isinstance(told, Phase):
            event = race_events.PhaseChanged(now, told)
        else:
            event = race_events.ControlSaid(now, ControlMessage(now, "Drs", told))
        race = apply(race, event)
    return race


def test_before_lights_out_nobody_has_raced() -> None:
    assert after(CLEAR).racing_since == START_OF_TIME


@pytest.mark.parametrize(
    ("story", "since_s"),
    [
        ((Phase.STARTED,), 10),
        ((Phase.STARTED, Phase.STARTED), 10),
        ((Phase.STARTED, YELLOW, CLEAR), 10),  # a local yellow is no interruption
        ((Phase.STARTED, SC), 10),
        ((Phase.STARTED, SC, CLEAR), 30),
        ((Phase.STARTED, SC, YELLOW), 30),
        ((Phase.STARTED, SC, YELLOW, CLEAR), 30),
        ((Phase.STARTED, VSC, ENDING), 10),  # nobody races yet
        ((Phase.STARTED, VSC, ENDING, CLEAR), 40),
        ((Phase.STARTED, SC, RED, SC, CLEAR), 50),
        ((Phase.STARTED, RED, Phase.ABORTED, CLEAR, Phase.STARTED), 50),
        ((Phase.STARTED, SC, CLEAR, CLEAR), 30),
    ],
)
def test_the_cars_race_since_the_start_or_the_last_interruption(
    story: tuple[TrackStatus | Phase, ...], since_s: float
) -> None:
    assert after(*story).racing_since == at(since_s)


@pytest.mark.parametrize(
    ("story", "enabled"),
    [
        ((), None),
        ((SC,), None),  # it was never told, so nobody knows of it
        ((ENABLED,), True),
        ((ENABLED, YELLOW), True),
        ((ENABLED, YELLOW, CLEAR), True),
        ((ENABLED, SC), False),
        ((ENABLED, RED), False),
        ((ENABLED, VSC), False),
        ((ENABLED, SC, CLEAR), False),  # until race control says so
        ((ENABLED, VSC, ENDING, CLEAR), False),
        ((ENABLED, SC, CLEAR, ENABLED), True),
        ((ENABLED, VSC, ENDING, ENABLED, CLEAR), True),  # said just before it ends
        ((ENABLED, VSC, ENDING, ENABLED, ENDING, CLEAR), True),  # as a feed that reconnects says
        ((ENABLED, SC, ENABLED, CLEAR), False),
        ((ENABLED, VSC, ENABLED, ENDING, CLEAR), False),
        ((ENABLED, RED, ENABLED, CLEAR), False),
        ((ENABLED, DISABLED), False),
        ((ENABLED, SC, CLEAR, DISABLED), False),
        (("OVERTAKE ENABLED", VSC, CLEAR), False),
        (("OVERTAKE ENABLED", VSC, CLEAR, "OVERTAKE ENABLED"), True),
    ],
)
def test_an_interruption_switches_the_system_off_until_race_control_enables_it(
    story: tuple[TrackStatus | str, ...], enabled: bool | None
) -> None:
    assert after(*story).overtake_enabled is enabled
