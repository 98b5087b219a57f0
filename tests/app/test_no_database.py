"""Test that a SQLite file that is no database is reported, and the server goes on without it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from pitwall import services
from pitwall.aio import end
from pitwall.api.app import build_api
from pitwall.app import database as app_database
from pitwall.app.settings import Settings
from pitwall.cache.memory import MemoryLiveCache
from pitwall.live.publishing import FrameRing
from pitwall.recording.race_recorder import Recorder
from pitwall.store.race_writer import SqlRaceWriter
from tests.live.frames import a_frame

NOTES = b"These are notes, and no database.\n" * 200
WHY = (
    "The database does not answer as it should: its file is not a SQLite database; "
    "stop pitwall, then move the file away or restore a backup."
)


@dataclass
class Running:
    """What runs of a server whose database file holds notes."""

    file: Path
    recorder: Recorder

    async def health(self) -> dict[str, Any]:
        transport = httpx.ASGITransport(build_api())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer: dict[str, Any] = (await client.get("/health")).json()
        return answer

    async def until(self, status: str) -> None:
        for _ in range(1_000):
            if self.recorder.state.status == status:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(self.recorder.state)


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(app_database, "MIGRATE_AGAIN_S", 0.05)
    file = tmp_path / "pitwall.db"
    file.write_bytes(NOTES)
    settings = Settings(data=tmp_path)
    databases = app_database.open_databases(settings)
    recorder = Recorder(SqlRaceWriter(databases.recorder), "a-model")
    live = MemoryLiveCache()
    await live.publish(a_frame())
    state: Callable[[], Any] = lambda: recorder.state  # noqa: E731
    services.install(
        services.Services(
            live=live, tab_is_open=lambda _tab: False, frame_buffer=FrameRing(), writing=state
        )
    )
    recording = asyncio.create_task(app_database.migrate_and_record(settings, databases, recorder))
    yield Running(file, recorder)
    await end(recording)


async def test_health_and_log_say_what_is_wrong_with_the_file(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await running.until("degraded")
    await asyncio.sleep(0.3)  # some more tries

    health = await running.health()

    assert (health["status"], health["store"]["status"]) == ("degraded", "degraded")
    assert health["detail"].startswith(f"{WHY} Nothing was written since ")
    assert health["store"]["reason"] == health["detail"]
    assert str(running.file.parent) not in str(health)
    records = [vars(record) for record in caplog.records]
    assert [record["reason"] for record in records if "reason" in record] == [WHY]
    [database] = [record["database"] for record in records if "database" in record]
    assert str(running.file) in database


async def test_the_file_stays_as_it_is_and_writing_begins_when_it_has_gone(
    running: Running,
) -> None:
    await running.until("degraded")
    assert running.file.read_bytes() == NOTES

    running.file.rename(running.file.with_name("notes.txt"))
    await running.until("ok")

    assert running.file.read_bytes().startswith(b"SQLite format 3")
    assert (await running.health())["status"] == "ok"
