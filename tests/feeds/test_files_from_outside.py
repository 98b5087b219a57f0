"""Test that reading any file or frame takes linear time and bounded memory."""

from __future__ import annotations

import base64
import logging
import time
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from pitwall.errors import FeedUnavailableError, MalformedMessageError
from pitwall.feeds import timed_lines
from pitwall.feeds.recording import RecordingFeed, tape
from pitwall.feeds.recording.formats import is_merged, read_stream
from pitwall.feeds.recording.lines import is_message_line
from pitwall.feeds.session_start import find_session_zero
from pitwall.feeds.signalr import (
    load_literal,
    read_envelope,
    read_frame,
    read_message,
)
from pitwall.feeds.timed_lines import MISPLACED, TimedLine, placed
from pitwall.wire import inflate as inflating
from pitwall.wire.encode import encode_zipped
from pitwall.wire.message import RawFrame, RawMessage
from tests.makers import a_duel, at

BLANKS = b" " * 40_000
STAMP = b'"2025-07-06T14:00:00Z"'


def seconds(run: Callable[[], object]) -> float:
    began = time.thread_time()
    run()
    return time.thread_time() - began


def a_tape(folder: Path, *lines: bytes, feed: str = "f1_live") -> Path:
    path = folder / f"made{tape.SUFFIX}"
    header = tape.header_line(tape.Header(feed, at(0)), "0")
    with path.open("wb") as file, pa.CompressedOutputStream(file, "zstd") as packed:
        packed.write(header)
        for line in lines:
            packed.write(line)
    return path


# Each was quadratic, or worse, in the length of what is repeated.
LONG_LINES = [
    b'["TimingData",' + BLANKS + b"x",
    b'["TimingData",{' + BLANKS,
    b'["TimingData"' + BLANKS + b"," + BLANKS + b'{}"' + BLANKS,
    b'{"A":' * 8_000,
    b'{"arguments"' + BLANKS + b":" + BLANKS,
    b'{"A":["T",' * 4_000,
    b'["T","' * 8_000,
    b"[" * 40_000,
    b'["T",{},"' + b"]" * 40_000,
    b'["T",' + b',"' * 20_000 + b"]",
    b'12:34:56.789{"stream":"T","payload":' + BLANKS + b"x",
    b"12:34:56.789{" + BLANKS,
    b"'" * 40_001,
    b"['" + b"\\'" * 20_000,
    b'{"a' + b"{" * 40_000,
]


@pytest.mark.parametrize("line", LONG_LINES, ids=range(len(LONG_LINES)))
def test_no_line_takes_more_than_linear_time(line: bytes) -> None:
    assert seconds(lambda: is_message_line(line)) < 0.3
    assert seconds(lambda: is_merged(line)) < 0.3
    assert seconds(lambda: read_frame(RawFrame(at(0), line))) < 0.3


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'["T", {"a": [1]} , ' + STAMP + b" ]", b'{"a": [1]}'),
        (b'{"type":1,"target":"feed","arguments":["T","x,]",' + STAMP + b"]}", b'"x,]"'),
        (b'{"H":"Streaming","M":"feed","A":["T",[1, 2],' + STAMP + b'],"I":"0"}', b"[1, 2]"),
        (b'{"arguments":1,"A" : [ "T" , null,' + STAMP + b"]}", b"null"),
    ],
)
def test_payloads_stay_verbatim(line: bytes, found: bytes) -> None:
    assert read_message(line) == RawMessage(at(0), "T", found)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'["T"]',
        b'["T",{}]',
        b'["T",,' + STAMP + b"]",
        b'["T",{},' + STAMP,
        b'["T",{},' + STAMP + b"]]",
        b'["T",{},' + STAMP + b"],{}",
        b'["T ",{},' + STAMP + b"]",
        b'x["T",{},' + STAMP + b"]",
        b'["T",{} ' + STAMP + b"]",
        b'["T",{},"]',
    ],
)
def test_what_is_no_message_is_none(line: bytes) -> None:
    assert read_envelope(line) is None


def test_a_frame_of_millions_of_records_is_read_up_to_a_bound() -> None:
    frame = RawFrame(at(0), b"{\x1e" * 2_000_000)

    assert seconds(lambda: read_frame(frame)) < 1
    assert read_frame(frame).malformed == 2_000_000


def test_a_frame_of_nested_brackets_is_one_malformed_record() -> None:
    nested = b'{"type":3,"result":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"

    assert seconds(lambda: read_frame(RawFrame(at(0), nested))) < 1
    assert read_frame(RawFrame(at(0), nested)).malformed == 1


@pytest.mark.parametrize(
    "text", ["9" * 5000, "(" * 5000, "{" * 5000, '"' + "\\" * 5001, "-" * 99999]
)
def test_no_text_makes_the_literal_reader_raise_anything_else(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the one it documents
        load_literal("[b'', " + text)


def test_a_literal_beyond_its_bound_is_not_tried() -> None:
    assert seconds(lambda: is_message_line(b"['T', " + b'["",' * 2_000_000)) < 1


def test_a_tape_whose_one_line_unpacks_to_many_times_its_size_is_read_in_linear_time(
    tmp_path: Path,
) -> None:
    path = a_tape(tmp_path, b" " * (8 << 20))
    assert path.stat().st_size < 2000

    assert seconds(lambda: list(RecordingFeed(path).messages())) < 1


def test_a_line_of_a_tape_beyond_its_bound_is_counted_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tape, "LONGEST_LINE", 1 << 16)
    good = tape.frame_line(1, RawFrame(at(1), b'["Heartbeat",{},' + STAMP + b"]"))
    path = a_tape(tmp_path, b"x" * (1 << 17) + b"\n", good, b"y" * (1 << 17))
    feed = RecordingFeed(path)

    assert [message.topic for message in feed.messages()] == ["Heartbeat"]
    assert feed.skipped == {"tape_line": 2}


def test_a_tape_that_unpacks_without_end_is_read_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tape, "_SMALL", 1 << 20)
    good = tape.frame_line(1, RawFrame(at(1), b'["Heartbeat",{},' + STAMP + b"]"))
    feed = RecordingFeed(a_tape(tmp_path, good, b"\n" * (16 << 20)))

    assert len(list(feed.messages())) == 1
    assert feed.skipped == {"tape_size": 1}


def test_a_file_beyond_its_bound_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "race"
    folder.mkdir()
    with (folder / "TimingData.jsonStream").open("wb") as file:
        file.truncate(timed_lines.LARGEST_FILE + 1)  # sparse: takes no room

    with pytest.raises(FeedUnavailableError, match="is larger than 512 MB"):
        list(RecordingFeed(folder).messages())


def test_an_archive_line_beyond_its_bound_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pitwall.feeds.recording.formats.LONGEST_LINE", 1000)
    lines, skipped = read_stream(b"00:00:01.000{}\n00:00:02.000{" + b" " * 1000 + b"}", "T")

    assert len(lines) == 1
    assert skipped == {"line_body": 1}


@pytest.mark.parametrize(
    "wrong", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2150-01-01T00:00:00Z"]
)
def test_a_recording_with_a_stamp_that_cannot_be_is_imported_whole(
    tmp_path: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [
        orjson.dumps([m.topic, orjson.loads(m.body), m.sent_at.isoformat()]) for m in a_duel(20)
    ]
    lines.insert(12, orjson.dumps(["Heartbeat", {"Utc": wrong}, wrong]))
    file = tmp_path / "race.txt"
    file.write_bytes(b"\n".join(lines))
    feed = RecordingFeed(file)
    with caplog.at_level(logging.WARNING):
        messages = list(feed.messages())

    assert max(message.sent_at for message in messages) < at(30)
    assert min(message.sent_at for message in messages) == at(0)
    assert sum(feed.skipped.values()) == 1
    assert len(caplog.records) == 1


def test_stamps_are_placed_by_their_neighbours_and_days_apart_are_no_fault() -> None:
    day = timedelta(days=1)
    good = [RawMessage(at(s), "T", b"{}") for s in range(80)]
    later = [RawMessage(at(s) + 5 * day, "T", b"{}") for s in range(80)]
    wrong = RawMessage(at(0) + 400 * day, "T", b"{}")
    skipped: Counter[str] = Counter()

    assert placed([wrong, *good, wrong, *later, wrong], skipped) == [
        good[0],
        *good,
        good[-1],
        *later,
        later[-1],
    ]
    assert skipped == {MISPLACED: 3}
    assert placed([], skipped) == []


def test_one_burst_with_an_absurd_instant_does_not_move_the_archive() -> None:
    lines = []
    for second in range(20):
        instant = at(second) if second != 7 else at(second) + timedelta(days=400)
        body = encode_zipped({"Entries": [{"Utc": instant.isoformat(), "Cars": {}}]})
        lines.append(TimedLine(second * 1000, "CarData.z", body))
    deep = b'{"Utc":' * 1000 + b"1" + b"}" * 1000
    lines.append(TimedLine(21_000, "Heartbeat", deep))
    lines.append(TimedLine(21_000, "CarData.z", encode_zipped("x")))

    assert find_session_zero(lines).at == at(0)


def test_a_bomb_of_deflate_is_refused_without_being_unpacked() -> None:
    packer = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(64)) + packer.flush()
    text = base64.b64encode(bomb).decode()
    with pytest.raises(MalformedMessageError, match="more than"):
        inflating.inflate(text)
