"""Test that the recordings of other people play, however they are packed, encoded and named."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.recording.feed import recordings_at
from pitwall.feeds.recording.lines import Part, read_records
from pitwall.wire.encode import encode_zipped
from pitwall.wire.message import RawMessage
from tests.feeds.recorders import (
    RECORDERS,
    fastf1_since_3_7,
    fastf1_until_3_6,
    hub_frames,
    undercut_new_names,
)
from tests.makers import a_duel, at


def a_race() -> list[RawMessage]:
    info = orjson.dumps(
        {
            "Meeting": {"Name": "São Paulo Grand Prix", "Circuit": {"ShortName": "Interlagos"}},
            "Name": "Race",
            "Type": "Race",
            "StartDate": "2025-07-06T15:00:00",
            "GmtOffset": "01:00:00",
        }
    )
    duel = [each for each in a_duel(20) if each.topic != "SessionInfo"]
    return [RawMessage(duel[0].sent_at, "SessionInfo", info), *duel]


def told(feed: RecordingFeed) -> list[tuple[object, str, object]]:
    """Return what a feed says after its start, without the heartbeats that recorders add."""
    return [
        (m.sent_at, m.topic, orjson.loads(m.body)) for m in feed.messages() if m.sent_at > at(0)
    ]


def expected() -> list[tuple[object, str, object]]:
    return [(m.sent_at, m.topic, orjson.loads(m.body)) for m in a_race() if m.sent_at > at(0)]


@pytest.mark.parametrize("recorder", RECORDERS)
def test_each_recorder_says_the_same_and_is_named(tmp_path: Path, recorder: str) -> None:
    feed = RecordingFeed(RECORDERS[recorder](tmp_path, a_race()))

    assert told(feed) == expected()
    assert feed.skipped == {}
    assert recorder.startswith(feed.recorder)
    first = next(m for m in feed.messages() if m.topic == "SessionInfo")
    assert b"_inferred" not in first.body
    assert "São Paulo".encode() in first.body


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(data, asbytes=True)
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".zst": zstd, "": bytes}


@pytest.mark.parametrize("ending", PACKERS)
def test_a_file_may_be_packed(tmp_path: Path, ending: str) -> None:
    file = fastf1_since_3_7(tmp_path, a_race())
    packed = tmp_path / f"packed.txt{ending}"
    packed.write_bytes(PACKERS[ending](file.read_bytes()))

    assert told(RecordingFeed(packed)) == expected()


@pytest.mark.parametrize("ending", PACKERS)
def test_the_files_of_a_folder_may_be_packed(tmp_path: Path, ending: str) -> None:
    folder = undercut_new_names(tmp_path, a_race())
    for file in list(folder.iterdir()):
        data = file.read_bytes()
        file.unlink()
        Path(f"{file}{ending}").write_bytes(PACKERS[ending](data))

    assert told(RecordingFeed(folder)) == expected()
    assert told(RecordingFeed(next(folder.glob("live*")))) == expected()  # finds its snapshot


@pytest.mark.parametrize("packer", ["zip", "tar", "tar.gz", "tar.zst"])
def test_a_folder_may_be_one_archive(tmp_path: Path, packer: str) -> None:
    folder = tmp_path / "2025_Race"
    folder.mkdir()
    undercut_new_names(folder, a_race())
    archive = tmp_path / f"race.{packer}"
    if packer == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in folder.iterdir():
                packed.write(file, f"2025_Race/{file.name}")
            packed.writestr("__MACOSX/2025_Race/._live.jsonl", b"\x00")
    else:
        plain = tmp_path / "plain"
        with tarfile.open(plain, "w") as tar:
            tar.add(folder, "2025_Race")
        ending = f".{packer.rpartition('.')[2]}"
        archive.write_bytes(PACKERS.get(ending, bytes)(plain.read_bytes()))

    assert told(RecordingFeed(archive)) == expected()


def test_an_archive_of_several_sessions_names_them(tmp_path: Path) -> None:
    for name in ("sprint", "race"):
        (tmp_path / name).mkdir()
        undercut_new_names(tmp_path / name, a_race())
    archive = tmp_path / "weekend.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in ("sprint", "race"):
            for file in (tmp_path / name).iterdir():
                packed.write(file, f"{name}/{file.name}")

    with pytest.raises(FeedUnavailableError, match="holds 2 recordings: race, sprint"):
        RecordingFeed(archive)
    feeds = recordings_at(archive)
    assert [feed.name for feed in feeds] == [
        "recording:weekend.zip/race",
        "recording:weekend.zip/sprint",
    ]
    assert all(told(feed) == expected() for feed in feeds)
    assert len(recordings_at(tmp_path)) == 2  # the folders; the archive beside them is another


def test_an_archive_without_a_recording_and_a_damaged_one_say_so(tmp_path: Path) -> None:
    empty, broken = tmp_path / "empty.zip", tmp_path / "broken.zip"
    with zipfile.ZipFile(empty, "w") as packed:
        packed.writestr("notes.md", "nothing")
    broken.write_bytes(empty.read_bytes()[:40])

    with pytest.raises(FeedUnavailableError, match="nothing'"):
        RecordingFeed(empty)
    with pytest.raises(FeedUnavailableError, match="damaged archive"):
        RecordingFeed(broken)


def test_a_member_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pitwall.feeds.timed_lines.LARGEST_FILE", 1 << 20)
    archive, packed = tmp_path / "race.zip", tmp_path / "race.txt.gz"
    text = fastf1_until_3_6(tmp_path, a_race()).read_bytes() + b"\n" * (2 << 20)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("race.txt", text)
    packed.write_bytes(gzip.compress(text))

    for path in (archive, packed):
        with pytest.raises(FeedUnavailableError, match="larger than 1 MB"):
            list(RecordingFeed(path).messages())


@pytest.mark.parametrize("packer", [gzip.compress, zstd])
def test_a_packed_file_that_ends_early_is_read_as_far_as_it_goes(
    tmp_path: Path, packer: Callable[[bytes], bytes]
) -> None:
    text = fastf1_until_3_6(tmp_path, a_race()).read_bytes()
    blocks = packer(text[: len(text) // 2]) + packer(text[len(text) // 2 :])[:-40]
    packed = tmp_path / "race.txt.packed"
    packed.write_bytes(blocks)

    messages = told(RecordingFeed(packed))

    assert len(messages) > len(expected()) // 3
    assert messages == expected()[: len(messages)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_text_may_be_in_any_encoding(tmp_path: Path, encoding: str, newline: str) -> None:
    text = fastf1_until_3_6(tmp_path, a_race()).read_text("utf-8")
    file = tmp_path / "race.txt"
    file.write_bytes(text.replace("\n", newline).encode(encoding))
    feed = RecordingFeed(file)

    first = next(m for m in feed.messages() if m.topic == "SessionInfo")
    assert orjson.loads(first.body)["Meeting"]["Name"] == "São Paulo Grand Prix"
    assert told(feed) == expected()


def test_a_broken_first_line_and_a_truncated_last_one_are_counted(tmp_path: Path) -> None:
    file = fastf1_until_3_6(tmp_path, a_race())
    text = file.read_bytes().rstrip()
    file.write_bytes(b"2025-07-06 15:00:00 connected\n" + text[:-20])
    feed = RecordingFeed(file)

    assert told(feed) == expected()[:-1]
    assert feed.skipped == {"line": 2}


def test_a_json_list_of_records_is_read(tmp_path: Path) -> None:
    folder = undercut_new_names(tmp_path, a_race())
    records = [orjson.loads(line) for line in (folder / "live.jsonl").read_bytes().split(b"\n")]
    (folder / "live.jsonl").unlink()
    (folder / "live.json").write_bytes(orjson.dumps(records, option=orjson.OPT_INDENT_2))
    alone = tmp_path / "alone.json"
    alone.write_bytes((folder / "live.json").read_bytes())

    assert told(RecordingFeed(folder / "live.json")) == expected()
    assert told(RecordingFeed(alone)) == expected()


def test_both_names_in_one_folder_are_one_recording(tmp_path: Path) -> None:
    """undercut-f1 goes on under its new names after an update."""
    folder = undercut_new_names(tmp_path, a_race())
    lines = (folder / "live.jsonl").read_bytes().split(b"\n")
    (folder / "live.txt").write_bytes(b"\n".join(lines[:30]))
    (folder / "live.jsonl").write_bytes(b"\n".join(lines[30:]))

    assert told(RecordingFeed(folder)) == expected()


STAMPS = ["2025-07-06T14:00:01Z", "2025-07-06T14:00:01", "2025-07-06T14:00:01.0000000Z"]
STAMPS += ["2025-07-06T14:00:01.000+00:00", "2025-07-06T16:00:01+02:00", "2025-07-06 14:00:01z"]


@pytest.mark.parametrize(
    "written",
    [
        *({"Type": "T", "Json": {"x": 1}, "DateTime": each} for each in STAMPS),
        {"Type": "T", "Json": {"x": 1}, "DateTime": 1_751_810_401_000},
        {"type": "T", "json": {"x": 1}, "dateTime": STAMPS[0]},
        {"DateTime": STAMPS[0], "Json": '{"x": 1}', "Type": "T"},
        {"topic": "T", "data": {"x": 1}, "timestamp": STAMPS[0]},
        {"H": "Streaming", "M": "feed", "A": ["T", {"x": 1}, STAMPS[0]]},
        {"C": "d", "M": [{"H": "Streaming", "M": "feed", "A": ["T", {"x": 1}, STAMPS[0]]}]},
        ["T", {"x": 1}, STAMPS[0]],
        ["T", '{"x":1}', STAMPS[0]],
        ["T.z", {"x": 1}, STAMPS[0]],
    ],
    ids=str,
)
def test_a_record_is_read_whatever_its_names_and_its_time(written: object) -> None:
    (json,) = read_records(orjson.dumps(written))
    assert isinstance(json, RawMessage)
    assert (json.sent_at, json.topic, orjson.loads(json.body)) == (at(1), "T", {"x": 1})
    assert read_records(str(written).encode()) == [json]


def test_a_frame_of_several_messages_gives_all_of_them() -> None:
    calls: list[dict[str, Any]] = [
        {"H": "Streaming", "M": "feed", "A": [t, {}, STAMPS[0]]} for t in ("A", "B")
    ]

    records = read_records(orjson.dumps({"C": "d-1", "M": calls}))

    assert [each.topic for each in records if isinstance(each, RawMessage)] == ["A", "B"]


@pytest.mark.parametrize("topic", ["CarData.z", "CarData"])
def test_compressed_topics_stay_compressed(topic: str) -> None:
    packed = orjson.loads(encode_zipped({"Entries": []}))
    line = orjson.dumps({"Type": topic, "Json": packed, "DateTime": STAMPS[0]})

    (record,) = read_records(line)

    assert record == RawMessage(at(1), "CarData.z", orjson.dumps(packed))
    assert read_records(str(["CarData.z", orjson.dumps(packed).decode(), ""]).encode()) == [
        Part("CarData.z", packed)
    ]


def test_a_snapshot_line_of_megabytes_is_read() -> None:
    payload = {"Lines": {str(n): {"Message": 'O\'WARD \\ "x"'} for n in range(50_000)}}
    line = str(["TimingData", orjson.dumps(payload).decode(), ""]).encode()

    assert len(line) > 2 << 20
    assert read_records(line) == [Part("TimingData", payload)]


def test_a_snapshot_of_a_reconnection_stays_where_it_was_written(tmp_path: Path) -> None:
    file = fastf1_since_3_7(tmp_path, a_race())
    lines = file.read_text("utf-8").splitlines()
    middle = len(lines) // 2
    again = [str(["Heartbeat", "{}", ""]), str(["TrackStatus", '{"Status":"2"}', ""])]
    file.write_text("\n".join([*lines[:middle], *again, *lines[middle:]]), encoding="utf-8")

    messages = list(RecordingFeed(file).messages())

    index = next(i for i, m in enumerate(messages) if m.body == b'{"Status":"2"}')
    before, after = messages[index - 1], messages[index + 1]
    assert before.sent_at <= messages[index].sent_at <= after.sent_at
    assert messages[0].sent_at + timedelta(seconds=5) < messages[index].sent_at


@pytest.mark.parametrize(
    ("name", "race", "kind"),
    [
        ("2025_British_GP_race.txt", "British Grand Prix", "Race"),
        ("2025-07-06_british_grand_prix.txt", "British Grand Prix", "Race"),
        ("live_recording.txt", "Silverstone", "Race"),
        ("sprint.txt", "Silverstone", "Sprint"),
        ("Spa_FP_2.txt", "Spa", "Practice 2"),
    ],
)
def test_a_recording_that_names_no_race_is_named_after_its_path(
    tmp_path: Path, name: str, race: str, kind: str
) -> None:
    folder = tmp_path / "Silverstone"
    folder.mkdir()
    file = hub_frames(folder, [m for m in a_race() if m.topic != "SessionInfo"])
    file = file.rename(folder / name)

    first = next(iter(RecordingFeed(file).messages()))

    payload = orjson.loads(first.body)
    assert first.topic == "SessionInfo"
    assert payload["_inferred"] is True
    assert (payload["Meeting"]["Name"], payload["Name"]) == (race, kind)
