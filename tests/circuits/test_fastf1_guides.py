"""Test that FastF1 is asked once for a circuit and year, and that no caller waits long for it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastf1.mvapi import api

from pitwall.circuits import CircuitFolder, FastF1Guides
from pitwall.circuits.fastf1_guides import NOT_AGAIN_FOR_S
from tests.chaos.http_server import Client, HttpServer, Request
from tests.chaos.threaded import serving
from tests.circuits.makers import answer, as_bytes, columns

KEY = 55
SOON_S = 30.0


class MultiViewer:
    """A stand-in for MultiViewer's server; `url` is "" until it runs."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status, self.body = 200, as_bytes(answer())
        self.may_answer = threading.Event()
        self.may_answer.set()

    async def handle(self, request: Request, client: Client) -> bool:
        self.asked.append(request.path)
        await asyncio.to_thread(self.may_answer.wait, SOON_S)
        client.answer(self.status, self.body)
        return True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MultiViewer]:
    multiviewer = MultiViewer()
    with serving(HttpServer(multiviewer.handle)) as url:
        monkeypatch.setattr(api, "PROTO", "http")
        monkeypatch.setattr(api, "HOST", url.removeprefix("http://"))
        yield multiviewer


class House:
    """The guides on a folder, with a clock that a test sets."""

    def __init__(self, folder: Path, waits_s: float = 30.0) -> None:
        self.now_s = 0.0
        self.folder = CircuitFolder(folder / "circuits")
        self.guides = FastF1Guides(self.folder, folder / "fastf1", waits_s, lambda: self.now_s)

    async def source(self, year: int = 2025, key: int | None = KEY, of: str = "nowhere") -> str:
        guide = await self.guides.guide(of, year, key)
        return guide.source if guide else ""


async def test_an_answer_is_kept_and_not_asked_for_again(
    server: MultiViewer, tmp_path: Path
) -> None:
    assert await House(tmp_path).source() == "MultiViewer, through FastF1"
    assert await House(tmp_path).source() == "MultiViewer, through FastF1"

    assert server.asked == [f"/api/v1/circuits/{KEY}/2025"]
    assert (tmp_path / "circuits" / "nowhere-2025.json").exists()


async def test_what_is_here_for_the_year_is_not_asked_for(
    server: MultiViewer, tmp_path: Path
) -> None:
    house = House(tmp_path)
    house.folder.save("nowhere", None, as_bytes(columns(source="mine")))

    assert await house.source() == "mine"
    assert server.asked == []


async def test_an_earlier_year_serves_while_there_is_no_answer(
    server: MultiViewer, tmp_path: Path
) -> None:
    house = House(tmp_path)
    house.folder.save("nowhere", 2024, as_bytes(columns(source="last year's")))
    server.status = 404

    assert await house.source() == "last year's"
    assert len(server.asked) == 1


@pytest.mark.parametrize("key", [None, 0])
async def test_without_f1s_number_nobody_is_asked(
    server: MultiViewer, tmp_path: Path, key: int | None
) -> None:
    assert await House(tmp_path).source(key=key) == ""
    assert server.asked == []


async def test_mugello_is_asked_for_under_its_own_number(
    server: MultiViewer, tmp_path: Path
) -> None:
    await House(tmp_path).source(2020, 149, "mugello")

    assert server.asked == ["/api/v1/circuits/146/2020"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b""), (500, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (200, b'{"a": 1}')],
)
async def test_what_is_no_description_is_not_asked_for_again_for_an_hour(
    server: MultiViewer, tmp_path: Path, status: int, body: bytes
) -> None:
    house = House(tmp_path)
    server.status, server.body = status, body

    assert [await house.source(), await house.source()] == ["", ""]
    assert len(server.asked) == 1
    server.status, server.body = 200, as_bytes(answer())
    assert await house.source(2024) == "MultiViewer, through FastF1"

    house.now_s = NOT_AGAIN_FOR_S
    assert await house.source() == "MultiViewer, through FastF1"


async def test_where_nobody_answers_no_other_circuit_is_asked_for_either(
    server: MultiViewer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    house, address = House(tmp_path), api.HOST
    monkeypatch.setattr(api, "HOST", "127.0.0.1:9")
    with caplog.at_level(logging.INFO, "pitwall"):
        assert await house.source() == ""
    assert "FastF1 failed: ConnectionError" in caplog.text

    monkeypatch.setattr(api, "HOST", address)
    assert await house.source(of="elsewhere") == ""
    house.now_s = NOT_AGAIN_FOR_S
    assert await house.source(of="elsewhere") == "MultiViewer, through FastF1"


async def test_a_slow_server_holds_nobody_up_and_its_late_answer_is_kept(
    server: MultiViewer, tmp_path: Path
) -> None:
    house = House(tmp_path, waits_s=0.05)
    server.may_answer.clear()

    assert await house.source() == ""
    house.now_s = NOT_AGAIN_FOR_S
    assert await house.source() == ""  # and nobody is asked a second time meanwhile

    server.may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "circuit guide":
            await asyncio.to_thread(thread.join, SOON_S)
    assert await house.source() == "MultiViewer, through FastF1"
    assert len(server.asked) == 1


async def test_a_damaged_file_is_not_written_over(server: MultiViewer, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.folder.save("nowhere", 2025, as_bytes(columns()))
    file = tmp_path / "circuits" / "nowhere-2025.json"
    file.write_bytes(b"{ half of my own work")

    assert await house.source() == ""
    assert file.read_bytes() == b"{ half of my own work"
    assert server.asked == []
