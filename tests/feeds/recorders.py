"""Write messages as the recorders of other people write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from pitwall.wire.message import RawMessage

Payload = Any


def stamp(at: datetime) -> str:
    """Return an instant as the hub writes it."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def first_of_each(messages: Sequence[RawMessage]) -> dict[str, Payload]:
    """Return what a recorder that connects before the first message gets as a snapshot."""
    start = messages[0].sent_at
    snapshot: dict[str, Payload] = {"Heartbeat": {"Utc": stamp(start), "_kf": True}}
    for message in messages:
        if message.sent_at == start:
            snapshot.setdefault(message.topic, orjson.loads(message.body))
    return snapshot


def rest_of(messages: Sequence[RawMessage]) -> list[RawMessage]:
    """Return the messages that are not in that snapshot."""
    start, seen = messages[0].sent_at, set()
    rest = []
    for message in messages:
        if message.sent_at == start and message.topic not in seen:
            seen.add(message.topic)
        else:
            rest.append(message)
    return rest


def fastf1_until_3_6(folder: Path, messages: Sequence[RawMessage]) -> Path:
    """Python lists, without a snapshot."""
    file = folder / "saved_data.txt"
    lines = [str([m.topic, orjson.loads(m.body), stamp(m.sent_at)]) for m in messages]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def fastf1_since_3_7(folder: Path, messages: Sequence[RawMessage]) -> Path:
    """The snapshot as one line for each topic, without a time, then Python lists."""
    file = folder / "saved_data.txt"
    snapshot = first_of_each(messages)
    lines = [str([topic, orjson.dumps(each).decode(), ""]) for topic, each in snapshot.items()]
    lines += [str([m.topic, orjson.loads(m.body), stamp(m.sent_at)]) for m in rest_of(messages)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def hub_frames(folder: Path, messages: Sequence[RawMessage]) -> Path:
    """Frames of SignalR Core, a snapshot first."""
    file = folder / "frames.txt"
    frames: list[Payload] = [
        {"type": 3, "invocationId": "0", "result": first_of_each(messages)},
        *(
            {
                "type": 1,
                "target": "feed",
                "arguments": [m.topic, orjson.loads(m.body), stamp(m.sent_at)],
            }
            for m in rest_of(messages)
        ),
    ]
    file.write_bytes(b"\n".join(map(orjson.dumps, frames)))
    return file


def _undercut(
    folder: Path, live: str, snapshot: str, messages: Sequence[RawMessage], line: Callable[..., Any]
) -> Path:
    text = orjson.dumps(first_of_each(messages), option=orjson.OPT_INDENT_2)
    (folder / snapshot).write_bytes(text)
    lines = (line(m.topic, orjson.loads(m.body), stamp(m.sent_at)) for m in rest_of(messages))
    (folder / live).write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return folder


def undercut_hub_lines(folder: Path, messages: Sequence[RawMessage]) -> Path:
    """Messages of the hub that answered until 2025, and a snapshot beside them."""
    return _undercut(
        folder,
        "live.txt",
        "subscribe.txt",
        messages,
        lambda *values: {"H": "Streaming", "M": "feed", "A": list(values)},
    )


def _point(topic: str, payload: Payload, at: str) -> dict[str, Payload]:
    return {"Type": topic, "Json": payload, "DateTime": at}


def undercut_raw_points(folder: Path, messages: Sequence[RawMessage]) -> Path:
    """Topic, payload and time by name."""
    return _undercut(folder, "live.txt", "subscribe.txt", messages, _point)


def undercut_new_names(folder: Path, messages: Sequence[RawMessage]) -> Path:
    """The same in files named by what they hold, since August 2025."""
    return _undercut(folder, "live.jsonl", "subscribe.json", messages, _point)


RECORDERS: Mapping[str, Callable[[Path, Sequence[RawMessage]], Path]] = {
    "FastF1 until 3.6": fastf1_until_3_6,
    "FastF1 since 3.7": fastf1_since_3_7,
    "SignalR hub frames": hub_frames,
    "undercut-f1, hub lines": undercut_hub_lines,
    "undercut-f1, raw points": undercut_raw_points,
    "undercut-f1, raw points, new names": undercut_new_names,
}
