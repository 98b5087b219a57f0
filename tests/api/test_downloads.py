"""Test the limit of downloads for each account, and that unread downloads are cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from starlette.types import Message

from pitwall import services
from pitwall.api.downloads import AT_ONCE, PIECE_BYTES, SLOTS, Download, Slots, even
from pitwall.domain.stored_races import HistoryPage, RaceFilter, RaceSummary
from pitwall.errors import BusyError, TooManyRequestsError
from tests.api.conftest import Clients, House, NoRaces

RACE = RaceSummary(
    *("2026-a-race", 1, "A race", "Race", 2026, None, None, None, None, None),
    *("recorded", "a feed", "finished", 2, 2, 10, "a-model", 1),
)
FILE = f"/history/{RACE.id}/laps.csv"


class Source:
    """Pieces that say whether they were closed."""

    def __init__(self, pieces: int) -> None:
        self.closed = False
        self._left = pieces

    async def pieces(self, *_asked: object) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(self._left):
                yield b"x" * 10
        finally:
            self.closed = True


async def ask(source: Source, response: Download, taken: int) -> list[Message]:
    """Return what was sent to a reader that takes so many messages, and then none."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if len(sent) >= taken:
            await asyncio.Event().wait()
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    await asyncio.wait_for(response(scope, receive, send), 5)
    assert source.closed
    return sent


async def test_a_reader_that_does_not_read_is_cut_and_the_source_closed() -> None:
    source = Source(1_000)
    response = Download(source.pieces())
    response.piece_within_s = 0.05

    sent = await ask(source, response, taken=4)

    assert len(sent) == 4
    assert sent[-1]["more_body"]  # its end is missing: the reader can tell


async def test_a_download_that_never_ends_is_cut() -> None:
    class Slow(Source):
        async def pieces(self, *_asked: object) -> AsyncGenerator[bytes, None]:
            async for piece in super().pieces():
                yield piece
                await asyncio.sleep(0.02)

    source = Slow(1_000)
    response = Download(source.pieces())
    response.within_s = 0.1

    sent = await ask(source, response, taken=1_000)

    assert 1 < len(sent) < 50
    assert sent[-1]["more_body"]


async def test_who_reads_gets_everything() -> None:
    source = Source(3)

    sent = await ask(source, Download(source.pieces()), taken=10)

    assert b"".join(message.get("body", b"") for message in sent) == b"x" * 30
    assert not sent[-1]["more_body"]


async def test_large_pieces_are_sent_as_small_ones() -> None:
    async def large() -> AsyncGenerator[bytes, None]:
        yield b"x" * (3 * PIECE_BYTES + 1)
        yield b""

    pieces = [piece async for piece in even(large())]

    assert [len(piece) for piece in pieces] == [PIECE_BYTES] * 3 + [1]


def test_slots_are_counted_by_account_and_in_all() -> None:
    slots, (ada, bob, eve) = Slots(2, 3), (uuid4() for _ in range(3))
    with slots.taken(ada), slots.taken(ada):
        with pytest.raises(TooManyRequestsError, match="2 downloads"), slots.taken(ada):
            pass
        with slots.taken(bob), pytest.raises(BusyError), slots.taken(eve):
            pass
        with slots.taken(eve):
            pass
    with slots.taken(ada), slots.taken(ada):
        pass


class OneRace(NoRaces):
    async def races(
        self, wanted: RaceFilter, limit: int, after: str | None = None
    ) -> tuple[list[RaceSummary], str | None]:
        return [RACE], None

    async def race(self, race_id: str) -> RaceSummary:
        return RACE

    async def page(self, *_asked: object) -> HistoryPage:
        return HistoryPage((), None)


class HeldExporter:
    """Writes nothing until it is let go."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.begun: asyncio.Queue[None] = asyncio.Queue()

    async def csv(self, *_asked: object) -> AsyncGenerator[bytes, None]:
        await self.begun.put(None)
        await self.go_on.wait()
        yield b"a\r\n"

    parquet = csv


async def test_an_account_has_two_downloads_under_way_whatever_it_comes_with(
    clients: Clients, house: House
) -> None:
    exporter = HeldExporter()
    services.install(replace(house.services, stored_races=OneRace(), exports=exporter))
    user = await clients.user()
    program = await clients.program(user)
    held = [asyncio.create_task(asking.get(FILE)) for asking in (user, program)]
    for _ in range(AT_ONCE):
        await exporter.begun.get()

    refused: list[httpx.Response] = [await user.get(FILE), await program.get(FILE)]
    other = asyncio.create_task((await clients.user("bob@example.org")).get(FILE))
    await exporter.begun.get()
    exporter.go_on.set()
    answers = [*(await asyncio.gather(*held)), await other, await user.get(FILE)]

    for answer in refused:
        assert answer.status_code == 429
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
        assert "2 downloads are already under way" in answer.json()["detail"]
    assert [answer.status_code for answer in answers] == [200] * 4
    with SLOTS.taken(uuid4()):
        pass
