"""Test recordings that differ a little from what their recorders usually write."""

from __future__ import annotations

import bz2
import lzma
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.recording.feed import recordings_at
from pitwall.wire.message import RawMessage
from tests.feeds.recorders import RECORDERS, first_of_each, rest_of, stamp, undercut_new_names
from tests.feeds.test_recorders import a_race, expected, told
from tests.recordings.test_cases import Played

RACE = a_race()
SNAPSHOT, REST = first_of_each(RACE), rest_of(RACE)


@pytest.mark.parametrize("recorder", RECORDERS)
@pytest.mark.parametrize("packer", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
def test_each_recorders_files_may_be_one_archive(
    tmp_path: Path, recorder: str, packer: str
) -> None:
    folder = tmp_path / "Großer Preis, été 2025"
    folder.mkdir()
    RECORDERS[recorder](folder, RACE)
    archive = tmp_path / f"my race.{packer}"
    if packer == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in folder.iterdir():
                packed.write(file, file.name)
    else:
        with tarfile.open(archive, f"w:{packer[4:]}") as tar:  # type: ignore[call-overload]
            tar.add(folder, folder.name)

    assert told(RecordingFeed(archive)) == expected()


@pytest.mark.parametrize("recorder", RECORDERS)
@pytest.mark.parametrize(("ending", "pack"), [(".bz2", bz2.compress), (".xz", lzma.compress)])
def test_each_recorders_files_may_be_packed(
    tmp_path: Path, recorder: str, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    RECORDERS[recorder](tmp_path, RACE)
    for file in list(tmp_path.iterdir()):
        Path(f"{file}{ending}").write_bytes(pack(file.read_bytes()))
        file.unlink()

    (feed,) = recordings_at(tmp_path)

    assert told(feed) == expected()


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_a_packed_file_that_ends_early_is_read_as_far_as_it_goes(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    text = RECORDERS["FastF1 until 3.6"](tmp_path, RACE).read_bytes()
    half = text.index(b"\n", len(text) // 2) + 1
    packed = tmp_path / "race.txt.packed"
    packed.write_bytes(pack(text[:half]) + pack(text[half:])[:-20])

    messages = told(RecordingFeed(packed))

    assert messages == expected()[: len(messages)]
    assert len(messages) >= len(expected()) // 3 or pack is lzma.compress


@pytest.mark.parametrize("recorder", RECORDERS)
def test_foreign_lines_marks_and_line_ends_cost_nothing_else(tmp_path: Path, recorder: str) -> None:
    folder = tmp_path / "São Paulo 2025 (race)"
    folder.mkdir()
    path = RECORDERS[recorder](folder, RACE)
    for file in folder.iterdir():
        lines = file.read_bytes().split(b"\n")
        if not file.name.startswith("subscribe"):
            foreign = b"INFO:client:connected [ok] {x}"
            lines = [each for line in lines for each in (line, foreign, b"")]
        file.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines))

    feed = RecordingFeed(path)

    assert told(feed) == expected()
    assert set(feed.skipped) == {"line"}


@pytest.mark.parametrize("name", ["race", "race.log", "race.csv", "RACE.JSONL", "race.jsonl.zst"])
@pytest.mark.parametrize("recorder", ["FastF1 until 3.6", "FastF1 since 3.7", "SignalR hub frames"])
def test_the_name_of_a_file_decides_nothing(tmp_path: Path, recorder: str, name: str) -> None:
    path = RECORDERS[recorder](tmp_path, RACE)

    assert told(RecordingFeed(path.rename(tmp_path / name))) == expected()
    assert told(RecordingFeed(tmp_path)) == expected()


def values(message: RawMessage) -> list[Any]:
    return [message.topic, orjson.loads(message.body), stamp(message.sent_at)]


def classic(messages: Sequence[RawMessage]) -> dict[str, Any]:
    return {
        "C": "d-1",
        "M": [{"H": "Streaming", "M": "feed", "A": values(each)} for each in messages],
    }


def core(message: RawMessage) -> dict[str, Any]:
    return {"type": 1, "target": "feed", "arguments": values(message)}


def dumped(lines: Sequence[object]) -> list[bytes]:
    return [line if isinstance(line, bytes) else orjson.dumps(line) for line in lines]


_SILENT_CLASSIC = [{"C": "d-1", "S": 1, "M": []}, {}, {"C": "d-1", "G": "x", "M": []}]
_SILENT_CORE: list[object] = [
    {"protocol": "json", "version": 1},
    {"type": 1, "target": "Subscribe", "arguments": [["TimingData"]], "invocationId": "0"},
    {},
    b'{"type": 6}',
    {"type": 3, "invocationId": "1", "result": None},
    {"type": 7, "allowReconnect": True},
]
_REPLY = {"type": 3, "invocationId": "0", "result": SNAPSHOT}
FRAMES: dict[str, bytes] = {
    "classic, one message each": b"\n".join(
        dumped([{"R": SNAPSHOT, "I": "1"}, *_SILENT_CLASSIC, *(classic([m]) for m in REST)])
    ),
    "classic, several each": b"\n".join(
        dumped(
            [{"R": SNAPSHOT, "I": "1"}, *(classic(REST[i : i + 7]) for i in range(0, len(REST), 7))]
        )
    ),
    "classic, printed by Python": "\n".join(
        map(str, [{"R": SNAPSHOT, "I": "1"}, *_SILENT_CLASSIC, *(classic([m]) for m in REST)])
    ).encode(),
    "core, by record separators": b"\x1e".join(
        dumped([*_SILENT_CORE, _REPLY, *map(core, REST), *_SILENT_CORE])
    ),
    "core, by both": b"\x1e\n".join(dumped([_REPLY, *map(core, REST), *_SILENT_CORE])),
    "core, after the time of a log": b"\n".join(
        f"{stamp(m.sent_at)} DEBUG ".encode() + orjson.dumps(core(m)) for m in RACE
    ),
}


@pytest.mark.parametrize("form", FRAMES)
def test_frames_of_both_hubs_play_and_those_without_a_message_are_no_fault(
    tmp_path: Path, form: str
) -> None:
    file = tmp_path / "frames.txt"
    file.write_bytes(FRAMES[form])
    feed = RecordingFeed(file)

    assert told(feed) == expected()
    assert (feed.recorder, feed.skipped) == ("SignalR hub frames", {})


@pytest.mark.parametrize(
    "line",
    [
        lambda m: str(tuple(values(m))),
        lambda m: str([m.topic, m.body.decode(), stamp(m.sent_at)]),
        lambda m: f"  {values(m)},",
        lambda m: str(values(m)) + "\r",
        lambda m: str([m.topic, orjson.loads(m.body), f"{stamp(m.sent_at)[:-1]}0000Z"]),
        lambda m: str([m.topic, orjson.loads(m.body), stamp(m.sent_at)[:-1]]),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r"])
def test_lists_of_python_play_however_they_are_printed(
    tmp_path: Path, line: Callable[[RawMessage], str], newline: str
) -> None:
    file = tmp_path / "saved.txt"
    file.write_bytes(newline.join(map(line, RACE)).encode())
    feed = RecordingFeed(file)

    assert told(feed) == expected()
    assert (feed.recorder, feed.skipped) == ("FastF1 until 3.6", {})


def test_a_file_that_a_second_recording_was_appended_to_is_both(tmp_path: Path) -> None:
    """`fastf1.livetiming save --append` goes on in the same file, with a snapshot of its own."""
    first = RECORDERS["FastF1 since 3.7"](tmp_path, RACE).read_bytes()
    at = REST[len(REST) // 2].sent_at
    head = b"".join(
        line for line in first.splitlines(keepends=True) if stamp(at).encode() not in line
    )
    again = dict(SNAPSHOT, Heartbeat={"Utc": stamp(at)}, TrackStatus={"Status": "2"})
    file = tmp_path / "saved_data.txt"
    cut = head.index(stamp(REST[len(REST) // 2 - 1].sent_at).encode())
    cut = head.index(b"\n", cut) + 1
    snapshot = "".join(f"{[t, orjson.dumps(each).decode(), '']}\n" for t, each in again.items())
    file.write_bytes(head[:cut] + snapshot.encode() + head[cut:])

    messages = list(RecordingFeed(file).messages())

    yellow = next(m for m in messages if m.body == b'{"Status":"2"}')
    assert abs((yellow.sent_at - at).total_seconds()) <= 2.2
    assert Played(messages).end.race.cars.keys() == Played(RACE).end.race.cars.keys()
    assert Played(messages).with_battles > 0


@pytest.mark.parametrize("damage", [lambda _: b"", lambda text: text[:100]])
def test_a_snapshot_that_cannot_be_read_is_counted_and_the_rest_plays(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    folder = undercut_new_names(tmp_path, RACE)
    snapshot = folder / "subscribe.json"
    snapshot.write_bytes(damage(snapshot.read_bytes()))
    feed = RecordingFeed(folder)

    assert told(feed) == expected()
    assert feed.skipped == {"snapshot": 1}


def test_live_messages_without_a_snapshot_are_named_after_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "2025_British_Grand_Prix" / "Race"
    folder.mkdir(parents=True)
    undercut_new_names(folder, RACE)
    (folder / "subscribe.json").unlink()

    played = Played(list(RecordingFeed(folder).messages()))

    assert played.end.race.info.race_id == "2025-british-grand-prix-race"
    assert played.with_battles == 0  # neither the running order nor the start is known


def test_a_snapshot_without_live_messages_is_one_moment(tmp_path: Path) -> None:
    folder = undercut_new_names(tmp_path, RACE)
    (folder / "live.jsonl").unlink()
    (feed,) = recordings_at(folder)

    messages = list(feed.messages())

    assert {m.topic for m in messages} == set(SNAPSHOT)
    assert len({m.sent_at for m in messages}) == 1
    assert feed.recorder == "one snapshot"


WITHOUT: list[tuple[list[str], str]] = [
    (["Heartbeat"], "scheduled start"),
    (["Heartbeat", "SessionStatus", "TrackStatus", "DriverList", "TimingAppData"], "scheduled"),
    (["SessionInfo", "SessionStatus", "LapCount", "DriverList", "TrackStatus"], "heartbeats"),
    (["Heartbeat", "SessionInfo"], "the day in the recording's path"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("without", "clock"), WITHOUT)
def test_an_archive_of_which_some_topics_were_copied_has_the_same_battles(
    shared: Path, tmp_path: Path, without: list[str], clock: str
) -> None:
    folder = tmp_path / "2026-07-05_Test_Grand_Prix" / "2026-07-05_Race"
    folder.mkdir(parents=True)
    for file in (shared / "data" / "cases" / "00-control").iterdir():
        if file.name.removesuffix(".jsonStream") not in without:
            shutil.copy(file, folder)
    feed = RecordingFeed(folder)

    played = Played(list(feed.messages()))

    assert feed.clock.startswith(clock)
    assert played.with_battles == 196
    race = played.end.race
    assert (race.info.race_id, race.lap) == ("2026-test-grand-prix-race", 7)
    assert race.as_of.date() == datetime(2026, 7, 5, tzinfo=UTC).date()


def test_an_archive_that_nothing_places_in_time_says_how_to_name_it(tmp_path: Path) -> None:
    folder = tmp_path / "race"
    folder.mkdir()
    (folder / "TimingData.jsonStream").write_bytes(b'00:00:01.000{"Lines":{"4":{"Line":1}}}\r\n')

    with pytest.raises(FeedUnavailableError, match="Name its folder after its day"):
        list(RecordingFeed(folder).messages())
