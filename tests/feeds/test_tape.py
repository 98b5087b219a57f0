"""Test that a tape holds a feed's frames byte for byte, and plays like any recording."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.recording import RecordingFeed, tape
from pitwall.feeds.recording import tape_recorder as recorder_module
from pitwall.feeds.recording.tape import read_frames, read_header
from pitwall.feeds.recording.tape_recorder import BLOCK_S, TapeRecorder
from pitwall.wire.message import RawFrame

ZERO = datetime(2026, 7, 5, 13, tzinfo=UTC)
SNAPSHOT = (
    b'{"type":3,"invocationId":"0","result":{"Heartbeat":{"Utc":"2026-07-05T13:00:02.1Z"},'
    b'"TimingData":{"Lines":{"4":{"Line":1}}}}}\x1e'
)
DELTA = (
    b'{"type":1,"target":"feed","arguments":["TimingData",{"Lines":{ "4":{"Line":2}}},'
    b'"2026-07-05T13:00:0%d.5Z"]}\x1e'
)
FRAMES = tuple(
    RawFrame(ZERO + timedelta(seconds=second), text)
    for second, text in enumerate(
        (b"{}\x1e", SNAPSHOT, DELTA % 1 + DELTA % 2, b"\xff\x00 no text", b"{'it''s'}\n\x1e", b"")
    )
)


async def a_tape(path: Path, frames: tuple[RawFrame, ...] = FRAMES) -> TapeRecorder:
    recorder = TapeRecorder(path, "f1_live", lambda: ZERO)
    await recorder.record(frames)
    await recorder.mark_gap("The connection broke.")
    await recorder.close()
    return recorder


async def test_every_frame_comes_back_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "new" / "race.jsonl.zst"

    await a_tape(file)

    assert tuple(read_frames(file)) == FRAMES
    assert read_header(file).feed == "f1_live"


async def test_a_tape_plays_as_a_recording(tmp_path: Path) -> None:
    file = tmp_path / "race.jsonl.zst"
    await a_tape(file)
    feed = RecordingFeed(file)

    messages = list(feed.messages())

    assert [message.topic for message in messages] == ["Heartbeat", *["TimingData"] * 3]
    assert messages[2].body == b'{"Lines":{ "4":{"Line":2}}}'
    assert feed.skipped == {"record": 2}


async def test_a_snapshot_after_a_gap_comes_after_what_was_known_before_it(tmp_path: Path) -> None:
    file = tmp_path / "race.jsonl.zst"
    late = RawFrame(ZERO, SNAPSHOT.replace(b'"Line":1', b'"Line":9'))
    await a_tape(file, (FRAMES[1], FRAMES[2], late))

    messages = list(RecordingFeed(file).messages())

    assert b'"Line":9' in messages[-1].body


async def test_a_tape_cut_short_keeps_its_finished_blocks(tmp_path: Path) -> None:
    file = tmp_path / "race.jsonl.zst"
    clock = [ZERO]
    recorder = TapeRecorder(file, "f1_live", lambda: clock[0])
    for frame in FRAMES:
        await recorder.record([frame])
        clock[0] += timedelta(seconds=BLOCK_S + 1)
        await recorder.mark_gap("time passes")  # ends the block
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})  # it is written
    await recorder.close()
    file.write_bytes(file.read_bytes()[:-20])

    assert len(list(read_frames(file))) >= len(FRAMES) - 1


async def test_a_disk_that_fails_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("in the way")

    recorder = await a_tape(tmp_path / "folder" / "race.jsonl.zst")
    await recorder.record(FRAMES)

    assert recorder.failed.startswith("The recording stopped: ")


def test_another_file_of_that_name_is_no_tape(tmp_path: Path) -> None:
    file = tmp_path / "race.jsonl.zst"
    file.write_bytes(b"nothing compressed")

    with pytest.raises(FeedUnavailableError, match="is not a tape"):
        RecordingFeed(file)


async def test_a_disk_that_hangs_holds_nobody_up_and_what_it_cost_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "WAITING_BYTES", 1000)
    monkeypatch.setattr(recorder_module, "BLOCK_BYTES", 1)
    free = threading.Event()
    recorder = TapeRecorder(tmp_path / "race.jsonl.zst", "f1_live", lambda: ZERO)
    write = recorder._write_block

    def hang(block: bytes) -> None:
        free.wait(10)
        write(block)

    recorder._write_block = hang  # type: ignore[method-assign]

    await recorder.record([FRAMES[1]])
    await asyncio.sleep(0)
    for _ in range(20):
        await recorder.record([FRAMES[1]])  # at once, although nothing is written
    free.set()
    await recorder.close()

    lines = list(tape._lines(tmp_path / "race.jsonl.zst"))
    kept = [line for line in lines if b'"frame"' in line]
    assert 1 < len(kept) < 21
    assert any(b"frames were dropped" in line for line in lines)
