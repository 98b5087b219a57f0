"""Test that the static archive is fetched unchanged over real sockets, however they break."""

from __future__ import annotations

import random
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from pitwall.errors import FeedUnavailableError, RaceNotFoundError
from pitwall.feeds.f1_archive import ArchivedSession, ArchiveGrowingError, F1Archive
from pitwall.feeds.f1_archive.client import Downloader
from pitwall.feeds.f1_archive.index import find_race, newest_archived, read_sessions
from pitwall.feeds.recording import RecordingFeed
from tests.chaos.archive_server import ArchivedFolder, ArchiveServer
from tests.chaos.faults import BOMB
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually

TLS = ssl.create_default_context()
LINE = b'00:00:0%d.000{"Lines":{"4":{"Line":%d}}}\r\n'
INFO = (
    b'\xef\xbb\xbf00:00:00.000{"Meeting":{"Name":"Dutch Grand Prix","Location":"Zandvoort",'
    b'"Country":{"Name":"Netherlands"},"Circuit":{"ShortName":"Zandvoort"}},"Type":"Race",'
    b'"Name":"Race","StartDate":"2025-08-31T15:00:00","EndDate":"2025-08-31T17:00:00",'
    b'"GmtOffset":"02:00:00","Path":"2025/2025-08-31_Dutch_Grand_Prix/2025-08-31_Race/"}\r\n'
)
CLOCK = b'00:00:01.000{"Utc":"2025-08-31T13:00:01Z"}\r\n'


@pytest.fixture
def dutch(tmp_path: Path) -> ArchivedFolder:
    folder = tmp_path / "served"
    folder.mkdir()
    timing = b"".join(LINE % (second, second) for second in range(1, 9)) * 500
    (folder / "SessionInfo.jsonStream").write_bytes(INFO)
    (folder / "TimingData.jsonStream").write_bytes(b"\xef\xbb\xbf" + timing)
    (folder / "ExtrapolatedClock.jsonStream").write_bytes(CLOCK)
    (folder / "AudioStreams.jsonStream").write_bytes(b"00:00:01.000{}\r\n")
    return ArchivedFolder(folder)


Test = Callable[[F1Archive, ArchiveServer], Awaitable[None]]


def served(server: ArchiveServer, cache: Path, test: Test) -> None:
    async def work(_loop: VirtualTimeLoop) -> None:
        async with server.http:
            downloader = Downloader((server.http.url + "/static",), TLS)
            await test(F1Archive(cache, downloader), server)

    run_virtually(work)


def test_a_race_is_found_fetched_and_played(dutch: ArchivedFolder, tmp_path: Path) -> None:
    async def test(archive: F1Archive, server: ArchiveServer) -> None:
        index = await archive.sessions(2025)
        race = find_race(index.sessions, "zandvoort")
        assert not await archive.is_whole(race)

        folder = await archive.fetch(race)

        names = {file.name for file in folder.glob("*.jsonStream")}
        assert names == {f"{t}.jsonStream" for t in dutch.names()} - {"AudioStreams.jsonStream"}
        for name in names:
            assert (folder / name).read_bytes() == dutch.file(name)
        assert (folder / "TimingData.json").exists()  # the key frame
        assert await archive.is_whole(race)
        assert len(list(RecordingFeed(folder).messages())) == 4002

    served(ArchiveServer([dutch]), tmp_path / "cache", test)


def test_what_lies_there_whole_is_not_fetched_again(dutch: ArchivedFolder, tmp_path: Path) -> None:
    async def test(archive: F1Archive, server: ArchiveServer) -> None:
        (race,) = (await archive.sessions(2025)).sessions
        folder = await archive.fetch(race)
        server.requests.clear()

        await archive.fetch(race)
        assert [path.rpartition("/")[2] for path, _ in server.requests] == ["Index.json"]

        (folder / "TimingData.jsonStream").write_bytes(b"damaged")
        assert not await archive.is_whole(race)
        await archive.fetch(race)
        assert (folder / "TimingData.jsonStream").read_bytes() == dutch.file(
            "TimingData.jsonStream"
        )

    served(ArchiveServer([dutch]), tmp_path / "cache", test)


def test_a_file_that_broke_off_is_resumed_where_it_broke(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    async def test(archive: F1Archive, server: ArchiveServer) -> None:
        (race,) = (await archive.sessions(2025)).sessions
        folder = archive.folder_of(race)
        folder.mkdir(parents=True)
        whole = dutch.file("TimingData.jsonStream")
        (folder / "TimingData.jsonStream.part").write_bytes(whole[:1000])

        await archive.fetch(race)

        assert (folder / "TimingData.jsonStream").read_bytes() == whole
        assert (race.path + "TimingData.jsonStream", 1000) in server.requests

    served(ArchiveServer([dutch]), tmp_path / "cache", test)


@pytest.mark.parametrize("seed", range(20))
def test_a_server_that_breaks_in_every_way_still_gives_the_right_bytes(
    dutch: ArchivedFolder, tmp_path: Path, seed: int
) -> None:
    async def test(archive: F1Archive, server: ArchiveServer) -> None:
        for attempt in range(5):  # a person tries again, and goes on where it stopped
            try:
                (race,) = (await archive.sessions(2025)).sessions
                folder = await archive.fetch(race)
                break
            except FeedUnavailableError:
                assert attempt < 4
        for name in dutch.names():
            if name != "AudioStreams":
                file = f"{name}.jsonStream"
                assert (folder / file).read_bytes() == dutch.file(file)

    served(ArchiveServer([dutch], random.Random(seed)), tmp_path / "cache", test)


def test_offline_the_index_of_last_time_does_and_says_why(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    async def test(archive: F1Archive, server: ArchiveServer) -> None:
        fresh = await archive.sessions(2025)
        await server.http.__aexit__()
        old = await archive.sessions(2025)

        assert fresh.old_because == ""
        assert old.sessions == fresh.sessions
        assert "cannot be reached" in old.old_because
        with pytest.raises(FeedUnavailableError):
            await archive.sessions(2024)

    served(ArchiveServer([dutch]), tmp_path / "cache", test)


def test_a_second_root_is_asked_when_the_first_is_away(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    async def work(_loop: VirtualTimeLoop) -> None:
        server = ArchiveServer([dutch])
        async with server.http:
            roots = ("http://127.0.0.1:9/static", server.http.url + "/static")
            archive = F1Archive(tmp_path / "cache", Downloader(roots, TLS))
            assert len((await archive.sessions(2025)).sessions) == 1

    run_virtually(work)


def test_a_bomb_in_the_archive_costs_its_own_message_only(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    bombed = ArchivedFolder(dutch.folder, replaced={"CarData.z.jsonStream": b"00:00:01.000" + BOMB})
    (dutch.folder / "CarData.z.jsonStream").write_bytes(b"")

    async def test(archive: F1Archive, server: ArchiveServer) -> None:
        (race,) = (await archive.sessions(2025)).sessions
        folder = await archive.fetch(race)
        assert len(list(RecordingFeed(folder).messages())) == 4003

    served(ArchiveServer([bombed]), tmp_path / "cache", test)


def test_an_index_that_names_a_wrong_time_changes_neither_the_race_nor_its_clock(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    wrong = ArchivedFolder(dutch.folder, wrong_by=timedelta(hours=-9))

    async def test(archive: F1Archive, server: ArchiveServer) -> None:
        race = find_race((await archive.sessions(2025)).sessions, "dutch")
        folder = await archive.fetch(race)

        first = next(RecordingFeed(folder).messages())
        assert f"{race.starts_at:%H:%M}" == "04:00"
        assert f"{first.sent_at:%H:%M}" == "13:00"

    served(ArchiveServer([wrong]), tmp_path / "cache", test)


def an_entry(**changes: object) -> dict[str, object]:
    entry = {
        "Type": "Race",
        "Name": "Race",
        "StartDate": "2025-08-31T15:00:00",
        "GmtOffset": "02:00:00",
        "Path": "2025/x/y/",
    }
    return entry | changes


def sessions_of(
    *entries: dict[str, object], meeting: str = "Dutch Grand Prix"
) -> list[ArchivedSession]:
    return read_sessions({"Meetings": [{"Name": meeting, "Sessions": list(entries)}]}, 2025)


@pytest.mark.parametrize(
    "entry",
    [
        an_entry(StartDate=None),
        an_entry(GmtOffset="soon"),
        an_entry(StartDate="0001-01-01T00:00:00"),
    ],
)
def test_an_entry_that_cannot_be_read_is_left_out(entry: dict[str, object]) -> None:
    assert [s.kind for s in sessions_of(entry, an_entry())] == ["Race"]


@pytest.mark.parametrize("path", ["../../etc/", "2025/../../x/", "a\\b/", ""])
def test_a_path_that_leaves_the_archive_is_none(path: str) -> None:
    (session,) = sessions_of(an_entry(Path=path))

    assert session.path == ""


def test_a_weekend_with_a_sprint_means_its_grand_prix() -> None:
    sessions = sessions_of(an_entry(), an_entry(Name="Sprint"), meeting="São Paulo Grand Prix")

    assert find_race(sessions, "sao paulo").kind == "Race"
    assert find_race(sessions, "Sprint São Paulo").kind == "Sprint"
    with pytest.raises(RaceNotFoundError, match=r"no race matches 'monza'.*2025-sao-paulo"):
        find_race(sessions, "monza")


def test_the_newest_archived_race_has_files() -> None:
    sessions = sessions_of(
        an_entry(),
        an_entry(Name="Sprint", Path="", StartDate="2025-09-01T15:00:00"),
        an_entry(Type="Practice", Name="Practice 1", StartDate="2025-09-02T15:00:00"),
    )
    now = sessions[-1].starts_at

    newest = newest_archived(sessions, now)

    assert newest is not None
    assert newest.kind == "Race"
    assert newest_archived([], now) is None


def after_the_flag(server: ArchiveServer, cache: Path, test: Test) -> None:
    """Run a test with an archive half an hour after the announced end of the race."""
    clock = datetime(2025, 8, 31, 15, 30, tzinfo=UTC)

    async def work(_loop: VirtualTimeLoop) -> None:
        async with server.http:
            downloader = Downloader((server.http.url + "/static",), TLS)
            await test(F1Archive(cache, downloader, lambda: clock), server)

    run_virtually(work)


@pytest.mark.parametrize("says", ["ArchiveStatus.json", "SessionInfo.json"])
def test_an_archive_that_grows_is_finished_later(
    dutch: ArchivedFolder, tmp_path: Path, says: str
) -> None:
    whole = dutch.file("TimingData.jsonStream")

    def status(word: str) -> bytes:
        said: object = {"Status": word}
        return orjson.dumps(said if says == "ArchiveStatus.json" else {"ArchiveStatus": said})

    served_now = {"TimingData.jsonStream": whole[: len(whole) // 3], says: status("Generating")}
    growing = ArchivedFolder(dutch.folder, replaced=served_now)

    async def test(archive: F1Archive, server: ArchiveServer) -> None:
        (race,) = (await archive.sessions(2025)).sessions
        with pytest.raises(ArchiveGrowingError, match="still being written"):
            await archive.fetch(race)
        assert not await archive.is_whole(race)
        with pytest.raises(ArchiveGrowingError):
            await archive.fetch(race)  # nothing new by then

        served_now.update({"TimingData.jsonStream": whole, says: status("Complete")})
        server.requests.clear()
        folder = await archive.fetch(race)

        assert (folder / "TimingData.jsonStream").read_bytes() == whole
        assert await archive.is_whole(race)
        asked = {path.rpartition("/")[2]: first for path, first in server.requests}
        assert asked["TimingData.jsonStream"] == len(whole) // 3, "only the rest was fetched"
        server.requests.clear()
        await archive.fetch(race)
        assert not [path for path, _ in server.requests if path.endswith("jsonStream")]

    after_the_flag(ArchiveServer([growing]), tmp_path / "cache", test)


@pytest.mark.parametrize("missing", [403, 404])
@pytest.mark.parametrize("name", ["ExtrapolatedClock.jsonStream", "Index.json"])
def test_one_missing_file_does_not_fail_a_session(
    dutch: ArchivedFolder, tmp_path: Path, name: str, missing: int
) -> None:
    class Lacking(ArchivedFolder):
        def file(self, wanted: str) -> bytes:
            if wanted == name:
                raise FileNotFoundError(wanted)
            return super().file(wanted)

    async def test(archive: F1Archive, _server: ArchiveServer) -> None:
        (race,) = (await archive.sessions(2025)).sessions
        folder = await archive.fetch(race)
        whole = dutch.file("TimingData.jsonStream")
        assert (folder / "TimingData.jsonStream").read_bytes() == whole
        assert await archive.is_whole(race)

    server = ArchiveServer([Lacking(dutch.folder)], missing=missing)
    served(server, tmp_path / "cache", test)


def test_a_session_that_the_archive_never_calls_complete_is_taken_for_it_a_day_later(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    generating = {"ArchiveStatus.json": b'{"Status":"Generating"}'}

    async def test(archive: F1Archive, _server: ArchiveServer) -> None:
        (race,) = (await archive.sessions(2025)).sessions
        await archive.fetch(race)
        assert await archive.is_whole(race)

    growing = ArchivedFolder(dutch.folder, replaced=generating)
    served(ArchiveServer([growing]), tmp_path / "cache", test)
