"""Test that recordings of every format play in order, and that unreadable lines are counted."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.recording import RecordingFeed
from pitwall.wire.encode import encode_zipped
from pitwall.wire.message import RawMessage

ZERO = datetime(2025, 8, 31, 12, 0, tzinfo=UTC)
BOM = b"\xef\xbb\xbf"
INFO = (
    b'{"Meeting":{"Name":"Dutch Grand Prix"},"Name":"Race",'
    b'"StartDate":"2025-08-31T15:00:00","GmtOffset":"02:00:00"}'
)


def archive(folder: Path, **topics: list[bytes]) -> Path:
    for topic, lines in topics.items():
        name = topic.replace("_z", ".z")
        (folder / f"{name}.jsonStream").write_bytes(BOM + b"\r\n".join([*lines, b""]))
    return folder


def play(path: Path) -> list[RawMessage]:
    return list(RecordingFeed(path).messages())


def offset_s(message: RawMessage) -> float:
    return (message.sent_at - ZERO) / timedelta(seconds=1)


def clock_line(at: bytes, utc: bytes) -> bytes:
    return at + b'{"Utc":"' + utc + b'","Remaining":"01:00:00"}'


def test_an_archive_is_merged_in_time_order_with_the_race_first(tmp_path: Path) -> None:
    folder = archive(
        tmp_path,
        TimingData=[b'00:00:01.500{"Lines":{}}', b'00:00:00.000{"Lines":{"1":{}}}'],
        DriverList=[b"00:00:00.000{}"],
        SessionInfo=[b"00:00:00.000" + INFO],
        ExtrapolatedClock=[clock_line(b"00:00:02.000", b"2025-08-31T12:00:02Z")],
    )

    messages = play(folder)

    assert [(message.topic, offset_s(message)) for message in messages] == [
        ("SessionInfo", 0),
        ("DriverList", 0),
        ("TimingData", 0),
        ("TimingData", 1.5),
        ("ExtrapolatedClock", 2),
    ]
    assert messages[0].body == INFO


def test_session_zero_is_the_least_delayed_burst(tmp_path: Path) -> None:
    def burst(utc: str) -> bytes:
        return encode_zipped({"Entries": [{"Utc": utc, "Cars": {}}]})

    folder = archive(
        tmp_path,
        CarData_z=[
            b"00:00:05.000" + burst("2025-08-31T12:00:04.1Z"),
            b"00:00:06.000" + burst("2025-08-31T12:00:06.0Z"),
        ],
        Heartbeat=[clock_line(b"00:00:06.000", b"2025-08-31T13:00:00Z")],
    )

    assert [offset_s(message) for message in play(folder)] == [5, 6, 6]


def test_heartbeats_after_the_archives_clock_stood_still_do_not_move_zero(tmp_path: Path) -> None:
    beats = [
        clock_line(b"00:00:%02d.000" % second, b"2025-08-31T12:00:%02d.1Z" % (second + 2))
        for second in (15, 30, 45, 50, 55)
    ]
    still = [clock_line(b"00:00:56.000", b"2025-08-31T12:%02d:00Z" % m) for m in (10, 20, 30)]

    first = play(archive(tmp_path, Heartbeat=[*beats, *still]))[0]

    assert offset_s(first) == pytest.approx(15)


def test_race_control_places_an_archive_within_a_second(tmp_path: Path) -> None:
    lines = [
        b'00:01:00.300{"Messages":[{"Utc":"2025-08-31T12:01:00","Message":"A"}]}',
        b'00:02:00.100{"Messages":{"1":{"Utc":"2025-08-31T12:02:00","Message":"B"}}}',
        b'00:02:00.100{"Messages":{"2":{"Utc":"2025-08-31T12:59:00","Message":"LATE"}}}',
    ]

    first = play(archive(tmp_path, RaceControlMessages=lines))[0]

    assert offset_s(first) == pytest.approx(60.2)


def test_without_any_clock_the_announced_start_is_the_start(tmp_path: Path) -> None:
    folder = archive(
        tmp_path,
        SessionInfo=[b"00:00:00.000" + INFO],
        SessionStatus=[b'00:00:01.000{"Status":"Inactive"}', b'00:50:00.000{"Status":"Started"}'],
    )
    feed = RecordingFeed(folder)

    last = list(feed.messages())[-1]

    assert last.sent_at == datetime(2025, 8, 31, 13, 0, tzinfo=UTC)
    assert "estimated" in feed.clock


def test_an_archive_that_says_nothing_of_time_is_no_feed(tmp_path: Path) -> None:
    folder = archive(tmp_path, TimingData=[b'00:00:00.000{"Lines":{}}'])

    with pytest.raises(FeedUnavailableError, match="cannot be placed in time"):
        play(folder)


def test_malformed_lines_are_skipped_counted_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = clock_line(b"00:00:01.000", b"2025-08-31T12:00:01Z")
    lines = [b"garbage", b"00:00:0x.000{}", good, b"00:00:02.000", b"99"]
    feed = RecordingFeed(archive(tmp_path, ExtrapolatedClock=lines))

    with caplog.at_level(logging.WARNING):
        kept = [list(feed.messages()) for _ in range(2)]

    assert [len(messages) for messages in kept] == [1, 1]
    assert feed.skipped == {"line_time": 3, "line_body": 1}
    assert len(caplog.records) == 2


LIVE = (
    b'{  "H": "Streaming",  "M": "feed",  "A": ["TimingData",{  "Lines": {}},'
    b'"2025-08-31T12:00:10.5Z"  ]}\n'
    b'{"H":"Streaming","M":"feed","A":["Heartbeat",{"Utc":"x"},"2025-08-31T12:00:09Z"]}\n'
    b"nonsense\n"
)


def test_a_signalr_recording_keeps_payloads_verbatim_and_sorts_stamps(tmp_path: Path) -> None:
    (tmp_path / "live.txt").write_bytes(LIVE)
    feed = RecordingFeed(tmp_path)

    messages = list(feed.messages())

    assert [(message.topic, message.body) for message in messages] == [
        ("Heartbeat", b'{"Utc":"x"}'),
        ("TimingData", b'{  "Lines": {}}'),
    ]
    assert [offset_s(message) for message in messages] == [9, 10.5]
    assert feed.skipped == {"line": 1}


def test_a_snapshot_comes_before_the_live_messages(tmp_path: Path) -> None:
    (tmp_path / "live.txt").write_bytes(LIVE)
    (tmp_path / "subscribe.txt").write_text(
        '{"TimingData": {"Lines": {}},\n "SessionInfo": {},\n'
        ' "Heartbeat": {"Utc": "2025-08-31T12:00:12Z"}}'
    )

    messages = play(tmp_path)

    assert [message.topic for message in messages[:3]] == ["SessionInfo", "Heartbeat", "TimingData"]
    assert {offset_s(message) for message in messages[:3]} == {9}


@pytest.mark.parametrize(
    "text",
    [
        '{"TimingData": {"Lines": {}}, "Heartbeat": {"Utc": "2025-08-31T12:00:12Z"}}',
        '{{\n"TimingData": {"Lines": {}}, "Heartbeat": {"Utc": "2025-08-31T12:00:12Z"}\n}}',
        "{'TimingData': {'Lines': {}},\n 'Heartbeat': {'Utc': '2025-08-31T12:00:12Z'}}",
        '{"R": {"TimingData": {"Lines": {}}, "Heartbeat": {"Utc": "2025-08-31T12:00:12Z"}}}',
    ],
)
def test_a_snapshot_alone_is_a_recording(tmp_path: Path, text: str) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(text)

    messages = play(file)

    assert [message.topic for message in messages] == ["Heartbeat", "TimingData"]
    assert [offset_s(message) for message in messages] == [12, 12]
    assert messages[1].body == b'{"Lines":{}}'


def test_python_lists_are_read_apostrophes_and_all(tmp_path: Path) -> None:
    file = tmp_path / "cache.txt"
    file.write_text(
        "['Heartbeat', {'Utc': 'x', '_kf': True}, '2025-08-31T12:00:01Z']\n"
        "['RaceControlMessages', {'Messages': {'1': {'Message': \"CAR 4'S TIME\", 'Flag': None}}},"
        " '2025-08-31T12:00:02.5Z']\n"
        "['TimingData', __import__('os').getcwd(), '2025-08-31T12:00:03Z']\n"
    )
    feed = RecordingFeed(file)

    messages = list(feed.messages())

    assert [message.body for message in messages] == [
        b'{"Utc":"x","_kf":true}',
        b'{"Messages":{"1":{"Message":"CAR 4\'S TIME","Flag":null}}}',
    ]
    assert feed.skipped == {"line": 1}


def test_signalr_core_frames_are_read_with_their_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "frames.txt"
    file.write_bytes(
        b'{"type":3,"invocationId":"0","result":{"Heartbeat":{"Utc":"2025-08-31T12:00:00Z"}}}\x1e'
        b'{"type":6}\x1e'
        b'{"type":1,"target":"feed","arguments":["TimingData",{"Lines":{}},"2025-08-31T12:00:01Z"]}'
        b"\x1e"
    )
    feed = RecordingFeed(file)

    messages = list(feed.messages())

    assert [(message.topic, offset_s(message)) for message in messages] == [
        ("Heartbeat", 0),
        ("TimingData", 1),
    ]
    assert feed.skipped == {}


def test_a_merged_dump_is_read(tmp_path: Path) -> None:
    file = tmp_path / "dump.txt"
    file.write_bytes(
        b"URL: https://example.org/\n"
        b'00:00:01.000{"stream":"TimingData","payload":{"Lines":{}}}\n'
        b'00:00:00.500{"stream":"ExtrapolatedClock","payload":{"Utc":"2025-08-31T12:00:00.5Z"}}\n'
        b'00:00:02.000{"stream":"TimingData"\n'
    )
    feed = RecordingFeed(file)

    messages = list(feed.messages())

    assert [(message.topic, offset_s(message)) for message in messages] == [
        ("ExtrapolatedClock", 0.5),
        ("TimingData", 1),
    ]
    assert messages[1].body == b'{"Lines":{}}'
    assert feed.skipped == {"line_body": 1}


def test_a_wrong_path_is_refused_in_a_whole_sentence(tmp_path: Path) -> None:
    with pytest.raises(FeedUnavailableError, match=r"There is no recording at .*Expected a folder"):
        RecordingFeed(tmp_path / "nowhere")
    with pytest.raises(FeedUnavailableError, match="holds nothing"):
        RecordingFeed(tmp_path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("date,lap\n1,2\n")

    with pytest.raises(FeedUnavailableError, match="begins with 'date,lap'"):
        RecordingFeed(file)


def test_names_of_files_stay_on_one_line_of_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "two\nlines\x1b[2J"
    file = folder / "notes\n.csv"
    with pytest.raises(FeedUnavailableError) as nowhere:
        RecordingFeed(folder)
    folder.mkdir()
    file.write_text("date,lap\n1,2\n")
    with pytest.raises(FeedUnavailableError) as no_recording:
        RecordingFeed(folder)
    with pytest.raises(FeedUnavailableError) as other_kind:
        RecordingFeed(file)
    topic = folder / "Race\n.jsonStream"
    topic.touch()
    with pytest.raises(FeedUnavailableError) as one_topic:
        RecordingFeed(topic)

    for refused in (nowhere, no_recording, other_kind, one_topic):
        assert str(refused.value).isprintable()
        assert r"two\nlines\x1b[2J" in str(refused.value)


def test_a_long_path_is_shown_with_its_end(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 100) / "race.jsonl"

    with pytest.raises(FeedUnavailableError, match=r"a/race\.jsonl'\. Expected"):
        RecordingFeed(path)


def test_one_topic_of_an_archive_asks_for_its_folder(tmp_path: Path) -> None:
    archive(tmp_path, TimingData=[b"00:00:00.000{}"])

    with pytest.raises(FeedUnavailableError, match="give the folder"):
        RecordingFeed(tmp_path / "TimingData.jsonStream")


def test_a_recording_that_went_away_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "live.txt").write_bytes(LIVE)
    feed = RecordingFeed(tmp_path)
    (tmp_path / "live.txt").unlink()

    with pytest.raises(FeedUnavailableError, match="Cannot read"):
        list(feed.messages())
