"""Test recording onto a full disk: the race goes on, the reason is reported, nothing is missing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import islice
from pathlib import Path

from pitwall.feeds.simulated import SimulatedFeed
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader

COUNT = 900


def record(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.store.full_disk_process", str(file), str(COUNT)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=300,
        check=False,
    )


async def test_a_full_disk_is_told_and_written_to_when_there_is_room(tmp_path: Path) -> None:
    file = tmp_path / "pitwall.db"
    done = await asyncio.to_thread(record, file)

    assert done.returncode == 0, done.stderr
    said = [line.split("|") for line in done.stdout.splitlines()]
    before = [line for line in said if int(line[0]) < COUNT // 3]
    during = [line for line in said if COUNT // 3 <= int(line[0]) < COUNT * 2 // 3]
    after = [line for line in said if int(line[0]) >= COUNT * 2 // 3]
    assert {status for _, status, _, _ in before} == {"ok"}
    assert {status for _, status, _, _ in during} == {"degraded"}
    assert all("disk" in reason for _, _, reason, _ in during)
    assert {(status, reason) for _, status, reason, _ in after} == {("ok", "")}
    assert {dropped for _, _, _, dropped in said} == {"0"}
    database = Database(database_url(f"sqlite:///{file}", tmp_path))
    reader = SqlRaceReader(database)
    race = await reader.race("2026-simulated-grand-prix-of-sierra-alta-race-5")
    assert (race.state, race.messages) == ("finished", COUNT)
    assert await reader.messages(race) == list(islice(SimulatedFeed(5).messages(), COUNT))
    await database.close()
