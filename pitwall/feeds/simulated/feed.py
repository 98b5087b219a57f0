"""Play a simulated race as a feed with the messages and the pace of a real one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from pitwall.domain.sessions import Source
from pitwall.feeds.simulated.events import Happening, LoopPassed, RaceFinished
from pitwall.feeds.simulated.outbox import Outbox
from pitwall.feeds.simulated.race import RaceSimulation
from pitwall.feeds.simulated.session_messages import (
    ENDS_S,
    HEARTBEAT_S,
    WEATHER_S,
    SessionMessages,
    Sky,
    heartbeat,
    opening,
)
from pitwall.feeds.simulated.setup import PRE_RACE_S, RaceSetup, prepare
from pitwall.feeds.simulated.telemetry_messages import Telemetry
from pitwall.feeds.simulated.timing_messages import TimingMessages, tyre_messages
from pitwall.feeds.simulated.truth import Truth, observe
from pitwall.wire.message import RawMessage


class SimulatedFeed:
    """A `RecordedFeed` of a simulated race; the same seed gives the same bytes.

    Args:
        seed: Chooses circuit, cars, day and luck.
        laps: Shortens the race; None is the circuit's own distance.
        telemetry: Whether to send `CarData.z` and `Position.z`; the race is the same without.
        overtake_mode: Whether race control ever enables Overtake Mode.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        laps: int | None = None,
        telemetry: bool = True,
        overtake_mode: bool = True,
    ) -> None:
        self.setup: RaceSetup = prepare(seed, laps, overtake_mode=overtake_mode)
        self._telemetry = telemetry

    @property
    def name(self) -> str:
        """The feed's name, as in `PITWALL_FEED`."""
        return f"simulated:{self.setup.seed}"

    @property
    def source(self) -> Source:
        """Simulated, always."""
        return Source.SIMULATED

    def messages(self) -> Iterator[RawMessage]:
        """Yield every message in order of `sent_at`, made as they are asked for."""
        return _MessageWriter(self.setup, telemetry=self._telemetry).messages()

    def truth(self) -> Truth:
        """Return the true events of this race; runs it once, in about a third of a second."""
        return observe(self.setup)


class _MessageWriter:
    """Writes the messages of one race; mutable, for one pass."""

    def __init__(self, setup: RaceSetup, *, telemetry: bool) -> None:
        # Its own random numbers, so that the messages never change the race.
        rng = Random(f"{setup.seed}:talk")  # noqa: S311 - a simulation, and it must repeat
        self._setup = setup
        self._rng = rng
        self._race = RaceSimulation(setup)
        self._outbox = Outbox(setup.lights_out_at)
        self._timing = TimingMessages(setup, rng)
        self._session = SessionMessages(setup)
        self._sky = Sky(setup.air_c, Random(f"{setup.seed}:sky"))  # noqa: S311 - as above
        self._next_heartbeat_s = -PRE_RACE_S + HEARTBEAT_S
        self._next_weather_s = -PRE_RACE_S + 1.0
        self._next_burst_s = -PRE_RACE_S + 2.0 if telemetry else float("inf")
        telemetry_rng = Random(f"{setup.seed}:telemetry")  # noqa: S311 - as above
        self._telemetry = Telemetry(setup, self._race.cars, telemetry_rng)

    def messages(self) -> Iterator[RawMessage]:
        self._outbox.put_all(opening(self._setup, self._race.cars))
        yield from self._advance(-0.5)
        finished_s = 0.0
        for happening in self._race.run():
            if isinstance(happening, LoopPassed):
                # Only these come strictly in order of time: all earlier messages are known now.
                yield from self._advance(happening.at_s)
            elif isinstance(happening, RaceFinished):
                finished_s = happening.at_s
            self._put_messages(happening)
        yield from self._advance(finished_s + ENDS_S)

    def _put_messages(self, happening: Happening) -> None:
        self._outbox.put_all(self._timing.messages(happening))
        self._outbox.put_all(tyre_messages(happening, self._rng))
        self._outbox.put_all(self._session.messages(happening))

    def _advance(self, to_s: float) -> Iterator[RawMessage]:
        """Yield all messages due by `to_s`, including those sent by the clock."""
        while (
            tick_s := min(self._next_heartbeat_s, self._next_weather_s, self._next_burst_s)
        ) <= to_s:
            yield from self._outbox.until(tick_s)
            self._tick(tick_s)
        yield from self._outbox.until(to_s)

    def _tick(self, at_s: float) -> None:
        if at_s == self._next_heartbeat_s:
            self._outbox.put_all([heartbeat(self._setup, at_s)])
            self._next_heartbeat_s += HEARTBEAT_S
        if at_s == self._next_weather_s:
            self._outbox.put_all([self._sky.reading(at_s)])
            self._next_weather_s += WEATHER_S
        if at_s == self._next_burst_s:
            self._next_burst_s = self._telemetry.burst(at_s, self._outbox)
