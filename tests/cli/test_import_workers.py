"""Test that races played by several processes are stored as by one, also after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pitwall.__main__ import main
from pitwall.cli.import_workers import GONE, Workers
from pitwall.errors import FeedUnavailableError
from pitwall.ports.feeds import RecordedFeed

pytestmark = [pytest.mark.slow, pytest.mark.alone]

SPRINTS = ("2023-azerbaijan-grand-prix-sprint", "2022-austrian-grand-prix-sprint")
# What the clock says, and how often a race was written.
OF_THE_RUN = frozenset({"created_at", "updated_at", "race_born", "revision"})
# After an interruption its entries name the drivers again; `ledger verify` checks them.
NOT_COMPARED = frozenset({"ledger_entries"})


def words_of(shared: Path) -> list[str]:
    return [f"timing:{shared / 'data' / 'timing'}#{race}" for race in SPRINTS]


def importing(data: Path, words: list[str], jobs: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pitwall", "import", *words, "--jobs", str(jobs)],
        env=os.environ | {"PITWALL_DATA": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def rows_of(data: Path) -> dict[str, list[str]]:
    """Return every row of every table, without what belongs to one run of the command."""
    with sqlite3.connect(data / "pitwall.db") as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        rows = {}
        for table in {name for (name,) in tables} - NOT_COMPARED:
            found = connection.execute(f"PRAGMA table_info({table})")
            names = [row[1] for row in found if row[1] not in OF_THE_RUN]
            query = f"SELECT {', '.join(names)} FROM {table}"  # noqa: S608
            rows[table] = sorted(map(repr, connection.execute(query)))
        return rows


def stored(data: Path) -> int:
    try:
        with sqlite3.connect(f"file:{data / 'pitwall.db'}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT sum(messages) FROM races").fetchone()[0] or 0)
    except sqlite3.OperationalError:
        return 0


def children_of(pid: int) -> list[int]:
    listed = [file.read_text().split() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for of_a_thread in listed for child in of_a_thread]


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(is_so: object, within_s: float) -> None:
    ends_s = time.monotonic() + within_s
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < ends_s
        time.sleep(0.1)


def test_an_import_killed_in_the_middle_goes_on_and_stores_what_one_process_does(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, whole, words = tmp_path / "killed", tmp_path / "whole", words_of(shared)
    first = importing(killed, words, jobs=2)
    try:
        wait_for(lambda: stored(killed) > 0, within_s=600)
        workers = children_of(first.pid)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    before = stored(killed)
    wait_for(lambda: not any(map(runs, workers)), within_s=60)

    again = importing(killed, words, jobs=2)
    said, _ = again.communicate(timeout=900)
    assert again.returncode == 0, said
    one = importing(whole, words, jobs=1)
    said, _ = one.communicate(timeout=900)
    assert one.returncode == 0, said

    assert len(workers) >= 2
    assert 0 < before < stored(killed)
    assert rows_of(killed) == rows_of(whole)
    monkeypatch.setenv("PITWALL_DATA", str(killed))
    assert main(["ledger", "verify"]) == 0


def open_badly(spec: str) -> RecordedFeed:
    if spec == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise FeedUnavailableError(f"There is no {spec}.")


async def nothing_stored(_race_id: str) -> tuple[int, bool]:
    return 0, False


async def test_a_race_whose_process_dies_or_that_cannot_be_opened_costs_no_other() -> None:
    said = []
    async with Workers(["one", "killed", "two"], open_badly, nothing_stored, 1) as workers:
        for play in workers.plays:
            with pytest.raises(FeedUnavailableError) as error:
                await asyncio.wait_for(anext(play.parts()), 120)
            said.append(str(error.value))
            workers.written()

    assert said == ["There is no one.", GONE, "There is no two."]


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "65", "1.5"])
def test_a_number_of_jobs_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], jobs: str
) -> None:
    assert main(["import", "x", "--jobs", jobs]) == 2
    assert "is no number from 1 to 64" in capsys.readouterr().err
