"""Test the commands `races`, `import` and `record` against local servers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pitwall.__main__ import main
from pitwall.app.feed_runner import open_archive
from pitwall.app.settings import load
from pitwall.cli.import_races import result_sentence
from pitwall.cli.record import record
from pitwall.feeds.f1_archive.feed import ArchivedRaceFeed
from pitwall.feeds.f1_live import F1LiveFeed
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.recording.tape import read_frames
from pitwall.feeds.recording.tape_recorder import TapeRecorder
from pitwall.recording.import_race import Imported
from tests.chaos.archive_server import ArchivedFolder, ArchiveServer
from tests.chaos.races import ShortRace
from tests.chaos.signalr_server import SignalRServer
from tests.chaos.threaded import serving
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually
from tests.makers import a_message

pytestmark = pytest.mark.slow

SPRINT = "data/wire/static/2023_Azerbaijan_Grand_Prix_Sprint"


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PITWALL_DATA", str(tmp_path / "data"))


@pytest.mark.usefixtures("_here")
def test_a_race_is_listed_imported_and_played(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(ArchiveServer([ArchivedFolder(shared / SPRINT)]).http) as url:
        monkeypatch.setenv("PITWALL_F1_URL", url)
        assert main(["races", "2023"]) == 0
        listed = capsys.readouterr().out
        assert main(["import", "2023", "baku", "sprint"]) == 0
        imported = capsys.readouterr().out
        assert main(["races", "2023"]) == 0

    assert listed == "2023-04-29 13:30 UTC  archived  Sprint  Azerbaijan Grand Prix, Baku\n"
    assert "TimingData.jsonStream: 1,901,186 bytes" in imported
    assert "on disk" in capsys.readouterr().out
    folder = next(
        line.removeprefix("complete in ")
        for line in imported.splitlines()
        if line.startswith("complete in ")
    )
    theirs = list(RecordingFeed(shared / SPRINT).messages())
    assert list(RecordingFeed(Path(folder)).messages()) == theirs
    # Offline from here on: the copy on disk does.
    feed = ArchivedRaceFeed(open_archive(load()), 2023, "baku sprint")
    assert next(iter(feed.messages())) == theirs[0]


@pytest.mark.usefixtures("_here")
def test_what_cannot_be_had_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PITWALL_F1_URL", "http://127.0.0.1:9")

    assert main(["import", "2023", "baku"]) == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_a_recording_holds_what_was_sent_and_marks_what_was_not(tmp_path: Path) -> None:
    file = tmp_path / "race.jsonl.zst"
    told: list[str] = []

    async def work(loop: VirtualTimeLoop) -> list[bytes]:
        sent: list[bytes] = []
        server = SignalRServer(ShortRace("made", {"TimingData": {"Lines": {}}}, ()), loop.now)
        async with server.http:
            feed = F1LiveFeed(base_url=server.http.url, now=loop.now)
            recorder = TapeRecorder(file, feed.name, loop.now)
            running = asyncio.create_task(record(feed, recorder, told.append))
            for _ in range(2):
                await asyncio.sleep(5)
                (hub,) = server.hubs
                message = a_message(loop.time(), "TimingData", {"Lines": {"4": {"Line": 1}}})
                server.send(message)
                sent.append(message.body)
                await asyncio.sleep(5)
                hub.client.abort()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await recorder.close()
        return sent

    sent = run_virtually(work, datetime(2026, 7, 5, 13, tzinfo=UTC))

    texts = [frame.text for frame in read_frames(file)]
    assert [body for body in sent if any(body in text for text in texts)] == sent
    assert told == ["The connection broke. Trying again."]


def test_a_race_kept_without_telemetry_is_said_to_come_with_it_when_replaced() -> None:
    bare, whole = "timing:2025-x-race", "timing:2025-x-race+telemetry"
    kept = Imported("2025-x-race", "other_source", stored_from=bare)

    assert result_sentence(whole, kept) == (
        "2025-x-race: already stored, without car telemetry; --replace adds it"
    )
    assert result_sentence("openf1:9", kept) == (
        "2025-x-race: already stored from timing:2025-x-race; --replace imports it again"
    )
    assert result_sentence(whole, Imported("2025-x-race", "known", stored_from=whole)) == (
        "2025-x-race: already stored"
    )
