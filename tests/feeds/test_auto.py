"""Test that `auto` plays a live race, else an archived one, else a simulation, and says why."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitwall.domain.race import Phase, RaceInfo
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.auto import AutoProgramme
from pitwall.feeds.auto.programme import ANSWER_WITHIN_S, LONGEST_RETRY_S, LOOK_EVERY_S
from pitwall.feeds.f1_archive import ArchivedSession, F1Archive
from pitwall.feeds.f1_archive.client import Downloader
from pitwall.feeds.f1_archive.schedule import Schedule
from pitwall.feeds.f1_live import F1LiveFeed
from pitwall.feeds.f1_live.probe import Sighting, look, sighting_of
from pitwall.wire.message import RawMessage, Snapshot
from tests.chaos.archive_server import ArchivedFolder, ArchiveServer
from tests.chaos.races import ShortRace
from tests.chaos.signalr_server import SignalRServer
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually
from tests.makers import a_duel, a_message, at

TLS = ssl.create_default_context()
NOW = datetime(2025, 9, 1, 12, tzinfo=UTC)
LIVE = Sighting(True, RaceInfo("x", "British Grand Prix", "Race"), Phase.STARTED)
NOTHING = Sighting(False, RaceInfo("x", "British Grand Prix", "Race"), Phase.ENDS)


class Shows:
    """Shows that do nothing."""

    over = False

    async def live(self) -> None:
        """Show nothing."""

    def live_is_over(self) -> bool:
        return self.over

    async def recorded(self, race_id: str, folder: Path) -> None:
        """Show nothing."""

    async def simulated(self) -> None:
        """Show nothing."""


class World:
    """A live feed and an archive, as the programme sees them."""

    def __init__(self, loop: VirtualTimeLoop, folder: Path, archive_url: str) -> None:
        self.seen: Sighting | None = None
        self.takes_s = 0.0
        self.shows = Shows()
        downloader = Downloader((archive_url + "/static",), TLS, wait_s=0.01)
        archive = F1Archive(folder, downloader, loop.now)

        async def indexed(year: int) -> tuple[ArchivedSession, ...]:
            return (await archive.sessions(year)).sessions

        self.programme = AutoProgramme(
            self.look,
            archive,
            Schedule([indexed], folder / "schedule.json"),
            self.shows,
            loop.now,
            random.Random(1),
        )

    async def look(self) -> Sighting:
        await asyncio.sleep(self.takes_s)
        if self.seen is None:
            raise FeedUnavailableError("F1 live timing cannot be reached: no network.")
        return self.seen


def in_a_world(
    test: Callable[[World], Awaitable[None]], folder: Path, archived: list[ArchivedFolder]
) -> None:
    async def work(loop: VirtualTimeLoop) -> None:
        server = ArchiveServer(archived)
        async with server.http:
            url = server.http.url if archived else "http://127.0.0.1:9"
            world = World(loop, folder / "cache", url)
            try:
                await test(world)
            finally:
                await world.programme.close()

    run_virtually(work, NOW)


@pytest.fixture
def dutch(tmp_path: Path) -> ArchivedFolder:
    folder = tmp_path / "served"
    folder.mkdir()
    info = (
        b'00:00:00.000{"Meeting":{"Name":"Dutch Grand Prix"},"Type":"Race","Name":"Race",'
        b'"StartDate":"2025-08-31T15:00:00","EndDate":"2025-08-31T17:00:00",'
        b'"GmtOffset":"02:00:00","Path":"2025/dutch/race/"}\r\n'
    )
    (folder / "SessionInfo.jsonStream").write_bytes(info)
    (folder / "TimingData.jsonStream").write_bytes(b'00:00:01.000{"Lines":{}}\r\n')
    (folder / "ArchiveStatus.json").write_bytes(b'{"Status":"Complete"}')
    return ArchivedFolder(folder)


async def settled(world: World) -> str:
    """Return the key of the choice once the background has done its work."""
    for _ in range(5):
        choice = await world.programme.choose()
        await asyncio.sleep(choice.ask_again_s)
    return (await world.programme.choose()).key


def test_a_live_race_comes_first(dutch: ArchivedFolder, tmp_path: Path) -> None:
    async def test(world: World) -> None:
        world.seen = LIVE
        choice = await world.programme.choose()

        assert choice.key == "live"
        assert choice.notes.why == "British Grand Prix (Race) is live."

    in_a_world(test, tmp_path, [dutch])


def test_without_one_the_newest_archived_race_is_fetched_and_shown(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    async def test(world: World) -> None:
        world.seen = NOTHING
        first = await world.programme.choose()
        assert first.key == "simulated"
        assert first.notes.why.startswith("No race is live.")

        assert await settled(world) == "recorded 2025-dutch-grand-prix-race"
        choice = await world.programme.choose()
        assert choice.notes.why == "No race is live. This is the newest race in the archive."
        assert choice.ask_again_s <= LOOK_EVERY_S

    in_a_world(test, tmp_path, [dutch])


def test_while_the_newest_race_is_being_archived_the_one_before_is_shown(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    earlier = dutch.file("SessionInfo.jsonStream")
    for now, then in ((b"Dutch", b"Belgian"), (b"dutch", b"belgian"), (b"-08-31", b"-07-27")):
        earlier = earlier.replace(now, then)
    belgian = ArchivedFolder(dutch.folder, replaced={"SessionInfo.jsonStream": earlier})
    files = {"ArchiveStatus.json": b'{"Status":"Generating"}'}
    growing = ArchivedFolder(dutch.folder, replaced=files)

    async def test(world: World) -> None:
        world.seen = NOTHING
        assert await settled(world) == "recorded 2025-belgian-grand-prix-race"

        files["ArchiveStatus.json"] = b'{"Status":"Complete"}'
        assert await settled(world) == "recorded 2025-dutch-grand-prix-race"

    in_a_world(test, tmp_path, [belgian, growing])


def test_when_a_race_begins_it_takes_over_and_ten_minutes_after_its_end_it_leaves(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    async def test(world: World) -> None:
        world.seen = NOTHING
        await settled(world)
        world.seen = LIVE
        assert (await world.programme.choose()).key == "live"

        world.shows.over, world.seen = True, NOTHING
        assert (await world.programme.choose()).key == "live"
        await asyncio.sleep(601)
        assert (await world.programme.choose()).key == "recorded 2025-dutch-grand-prix-race"

    in_a_world(test, tmp_path, [dutch])


def test_offline_the_simulator_is_up_at_once_and_says_why(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        began_s = asyncio.get_running_loop().time()
        choice = await world.programme.choose()

        assert choice.key == "simulated"
        assert "cannot be reached: no network." in choice.notes.why
        assert choice.notes.why.endswith("So this race is simulated.")
        assert asyncio.get_running_loop().time() - began_s < 1

    in_a_world(test, tmp_path, [])


def test_a_network_that_does_not_answer_delays_the_simulator_by_seconds_only(
    tmp_path: Path,
) -> None:
    async def test(world: World) -> None:
        world.takes_s = 60
        began_s = asyncio.get_running_loop().time()
        choice = await world.programme.choose()

        assert choice.key == "simulated"
        assert asyncio.get_running_loop().time() - began_s <= ANSWER_WITHIN_S + 0.1

    in_a_world(test, tmp_path, [])


def test_what_cannot_be_reached_is_asked_less_and_less_often(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        pauses = [(await world.programme.choose()).ask_again_s for _ in range(12)]

        assert pauses[0] <= 15
        assert LONGEST_RETRY_S / 2 <= pauses[-1] <= LONGEST_RETRY_S

    in_a_world(test, tmp_path, [])


def test_a_copy_on_disk_is_shown_when_the_network_has_gone(
    dutch: ArchivedFolder, tmp_path: Path
) -> None:
    async def fetch_it(world: World) -> None:
        world.seen = NOTHING
        await settled(world)

    async def test(world: World) -> None:
        assert await settled(world) == "recorded 2025-dutch-grand-prix-race"

    in_a_world(fetch_it, tmp_path, [dutch])
    in_a_world(test, tmp_path, [])


def a_snapshot(status: str, kind: str = "Race", beat_s: float = 0) -> Snapshot:
    info = a_duel(1)[0].body.replace(b'"Name": "Race"', b'"Name": "%b"' % kind.encode())
    if kind != "Race":
        info = info.replace(b'"Type": "Race"', b'"Type": "Qualifying"')
    messages = (
        RawMessage(at(0), "SessionInfo", info),
        a_message(0, "SessionStatus", {"Status": status}),
    )
    return Snapshot(at(beat_s), messages)


@pytest.mark.parametrize(
    ("snapshot", "is_on"),
    [
        (a_snapshot("Started"), True),
        (a_snapshot("Inactive"), True),  # on the grid
        (a_snapshot("Aborted"), True),
        (a_snapshot("Ends"), False),
        (a_snapshot("Started", kind="Qualifying"), False),
        (a_snapshot("Started", beat_s=-3600), False),  # last week's, left standing
    ],
)
def test_a_race_is_on_when_its_heart_beats_and_it_is_not_over(
    snapshot: Snapshot, is_on: bool
) -> None:
    assert sighting_of(snapshot, at(0)).is_on is is_on


def test_a_look_over_sockets_sees_the_race_whatever_the_calendar_says() -> None:
    opening = {message.topic: json.loads(message.body) for message in a_duel(1)[:4]}

    async def work(loop: VirtualTimeLoop) -> None:
        server = SignalRServer(ShortRace("made", opening, ()), loop.now)
        async with server.http:
            feed = F1LiveFeed(base_url=server.http.url, now=loop.now)
            seen = await look(feed, loop.now())
            with pytest.raises(FeedUnavailableError):
                await look(F1LiveFeed(base_url="http://127.0.0.1:9", now=loop.now), loop.now())

        assert seen.is_on
        assert seen.info.name == "British Grand Prix"
        assert not server.hubs

    run_virtually(work, at(0) + timedelta(days=3))
