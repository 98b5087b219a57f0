"""Test what every `RecordedFeed` adapter must do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest

from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.feeds.timing import TimingFeed
from pitwall.ports.feeds import RecordedFeed
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

Maker = Callable[[Path], RecordedFeed]


def recording(path: str) -> Maker:
    return lambda shared: RecordingFeed(shared / "data" / "wire" / path)


def timing(race: str, telemetry: str | None = None) -> Maker:
    def make(shared: Path) -> RecordedFeed:
        beside = shared / "data" / telemetry if telemetry else None
        return TimingFeed(shared / "data" / "timing", race, beside)

    return make


# One line for each adapter and each shape it reads; a new adapter adds its own.
FEEDS: dict[str, Maker] = {
    "archive-2018": recording("static/2018_Azerbaijan_Grand_Prix_Race"),
    "archive-2023": recording("static/2023_Azerbaijan_Grand_Prix_Sprint"),
    "archive-telemetry": recording("static/2025_Mexico_Qualifying"),
    "archive-2026": recording("static/2026_Chinese_Grand_Prix_Race"),
    "signalr-folder": recording("signalr/2024_Imola_Qualifying_signalr"),
    "signalr-file": recording("signalr/2024_Imola_Qualifying_signalr/live.txt"),
    "snapshot": recording("signalr/undercut_misc/2024_Imola_Race_subscribe_w_z.txt"),
    "snapshot-braces": recording("signalr/undercut_misc/SubscriptionResult.json"),
    "python-lists": recording("signalr/undercut_misc/kmschang_cache.txt"),
    "merged-qualifying": recording("merged/2025-05-16_Emilia_Romagna_Grand_Prix__Qualifying.txt"),
    "merged-practice": recording("merged/2025-06-27_Austrian_Grand_Prix__Practice_3.txt"),
    "timing": timing("2025-dutch-grand-prix-race"),
    "timing-telemetry": timing("2025-monaco-grand-prix-race", "telemetry"),
    "simulated": lambda _shared: SimulatedFeed(1),
    "timing-sprint-without-clock": timing("2021-british-grand-prix-sprint"),
}

pytestmark = [pytest.mark.slow, pytest.mark.apart]


@pytest.fixture(scope="module", params=list(FEEDS.values()), ids=list(FEEDS))
def feed(request: pytest.FixtureRequest, shared: Path) -> RecordedFeed:
    make: Maker = request.param
    return make(shared)


@pytest.fixture(scope="module")
def messages(feed: RecordedFeed) -> list[RawMessage]:
    return list(feed.messages())


def test_messages_come_in_order_of_sent_at(messages: list[RawMessage]) -> None:
    instants = [message.sent_at for message in messages]

    assert instants == sorted(instants)


def test_a_second_pass_yields_the_same_bytes(
    feed: RecordedFeed, messages: list[RawMessage]
) -> None:
    assert list(feed.messages()) == messages


def test_instants_are_aware_utc(messages: list[RawMessage]) -> None:
    assert all(message.sent_at.tzinfo is UTC for message in messages)


def test_every_message_has_a_topic_and_a_body(messages: list[RawMessage]) -> None:
    assert all(message.topic and message.body for message in messages)
    assert {"TimingData", "TimingAppData"} & {message.topic for message in messages}


def test_a_feed_has_a_name(feed: RecordedFeed) -> None:
    kind, colon, which = feed.name.partition(":")

    assert kind
    assert colon
    assert which


def test_real_messages_decode_without_a_fault(messages: list[RawMessage]) -> None:
    faults = [fault for message in messages for fault in decode(message).faults]

    assert faults == []
