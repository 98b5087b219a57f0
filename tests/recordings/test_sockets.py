"""Test that the live client reads real sessions over sockets as from the file."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from pitwall.domain.race import RaceState
from pitwall.domain.reducer import apply
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.f1_live import F1LiveFeed
from pitwall.feeds.recording import RecordingFeed
from pitwall.live import ingest
from pitwall.live.ingest import Ingest
from pitwall.live.intake import Intake
from pitwall.wire.decode import decode
from tests.chaos.compare import differences
from tests.chaos.pictures import a_publisher
from tests.chaos.races import load, whole
from tests.chaos.signalr_server import PUBLIC_TOKEN, SignalRServer
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually

# Every recording in data/wire that has TimingData over time.
RECORDINGS = [
    "static/2018_Azerbaijan_Grand_Prix_Race",
    "static/2023_Azerbaijan_Grand_Prix_Sprint",
    "static/2025_Mexico_Qualifying",
    "signalr/2024_Imola_Qualifying_signalr",
    "signalr/2024_Imola_Qualifying_signalr/live.txt",
    "signalr/undercut_misc/kmschang_cache.txt",
    "merged/2025-05-16_Emilia_Romagna_Grand_Prix__Qualifying.txt",
    "merged/2025-06-27_Austrian_Grand_Prix__Practice_3.txt",
]

# What is sent together is read together, in a fraction of the time that one by one takes.
BUNCH = timedelta(seconds=2)


def decoded(path: Path) -> RaceState:
    race = RaceState()
    for message in RecordingFeed(path).messages():
        for event in decode(message).events:
            race = apply(race, event)
    return race


def received(path: Path) -> RaceState:
    async def work(loop: VirtualTimeLoop) -> RaceState:
        server = SignalRServer(whole(load(path), loop.now()), loop.now)
        server.waits = BUNCH
        intake = Intake(RaceEngine(None))
        publisher = a_publisher(loop)
        async with server.http:
            feed = F1LiveFeed(PUBLIC_TOKEN, server.http.url, loop.now)
            running = asyncio.create_task(Ingest(feed, intake, publisher, now=loop.now).run())
            await asyncio.sleep(1)  # subscribed before the first message, as a race begins with it
            await server.play()
            await asyncio.sleep(12)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        assert server.connections == 1
        return intake.state.race

    return run_virtually(work)


@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.parametrize("recording", RECORDINGS)
def test_a_recording_ends_over_sockets_as_it_ends_in_the_file(
    shared: Path, recording: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pictures every ten seconds are enough here, and the session is over sooner.
    monkeypatch.setattr(ingest, "TICK_S", 10.0)
    path = shared / "data" / "wire" / recording

    assert differences(received(path), decoded(path)) == []
