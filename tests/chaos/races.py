"""Cut short races from recordings: the state they begin with, and what is sent after it."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import orjson

from pitwall.feeds.recording import RecordingFeed
from pitwall.wire.merge import merge
from pitwall.wire.message import RawMessage

Topics = Mapping[str, object]
"""Each topic's whole payload, as a snapshot holds it."""

_CHECKPOINT_EVERY = 100
_NOT_SENT = ("Heartbeat", "AudioStreams", "ContentStreams")  # the server makes its own heartbeat


@dataclass(frozen=True)
class Recording:
    """A recording in memory, and its topics at every hundredth message."""

    name: str
    messages: tuple[RawMessage, ...]
    checkpoints: tuple[Topics, ...]

    def topics_before(self, index: int) -> Topics:
        """Return the topics as they were before the message at `index`."""
        topics = dict(self.checkpoints[index // _CHECKPOINT_EVERY])
        for message in self.messages[index - index % _CHECKPOINT_EVERY : index]:
            advance(topics, message)
        return topics


@dataclass(frozen=True)
class ShortRace:
    """What a server sends.

    Attributes:
        opening: The topics when the first client may connect.
        messages: What follows; stamped from `starts_at` on.
        ends_at: Until when to stay on the air; None is until the last message.
    """

    name: str
    opening: Topics
    messages: tuple[RawMessage, ...]
    ends_at: datetime | None = None


def advance(topics: dict[str, object], message: RawMessage) -> None:
    """Merge a message into the topics, as the server does."""
    try:
        payload = orjson.loads(message.body)
    except ValueError:
        return
    topics[message.topic] = merge(topics.get(message.topic), payload)


@cache
def load(path: Path) -> Recording:
    """Read a recording once."""
    messages = tuple(m for m in RecordingFeed(path).messages() if m.topic not in _NOT_SENT)
    topics: dict[str, object] = {}
    checkpoints: list[Topics] = []
    for index, message in enumerate(messages):
        if index % _CHECKPOINT_EVERY == 0:
            checkpoints.append(dict(topics))
        advance(topics, message)
    return Recording(path.stem, messages, tuple(checkpoints))


def whole(recording: Recording, starts_at: datetime) -> ShortRace:
    """Return all of a recording, moved to begin at `starts_at`."""
    return _moved(recording, 0, len(recording.messages), starts_at)


def shortened(
    recording: Recording, rng: random.Random, lasts_s: float, starts_at: datetime
) -> ShortRace:
    """Return a piece of a recording that lasts so long, from anywhere in its busy part."""
    instants = [message.sent_at for message in recording.messages]
    first = bisect_left(instants, _busy_from(recording))
    last = bisect_left(instants, instants[-1] - timedelta(seconds=lasts_s))
    begin = rng.randrange(first, max(first + 1, last))
    end = bisect_left(instants, instants[begin] + timedelta(seconds=lasts_s))
    race = _moved(recording, begin, end, starts_at)
    return replace(race, ends_at=starts_at + timedelta(seconds=lasts_s))


def _busy_from(recording: Recording) -> datetime:
    started = (
        m.sent_at for m in recording.messages if m.topic == "SessionStatus" and b"Started" in m.body
    )
    return next(started, recording.messages[0].sent_at)


def _moved(recording: Recording, begin: int, end: int, starts_at: datetime) -> ShortRace:
    chosen = recording.messages[begin:end]
    by = starts_at - chosen[0].sent_at
    messages = tuple(RawMessage(m.sent_at + by, m.topic, m.body) for m in chosen)
    return ShortRace(recording.name, recording.topics_before(begin), messages)
