"""Test `python -m pitwall ledger`, as a person at a terminal uses it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from pitwall.__main__ import main
from pitwall.store import migrations
from pitwall.store.database import DATABASE_FILE, Database, database_url
from tests.store.ledgers import forecasts, outcomes, write


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of a database with three forecasts' ledger."""
    monkeypatch.setenv("PITWALL_DATA", str(tmp_path))
    monkeypatch.delenv("PITWALL_DATABASE_URL", raising=False)

    async def fill() -> None:
        database = Database(database_url(None, tmp_path))
        await migrations.upgrade(database)
        await write(database, forecasts(), outcomes())
        await database.close()

    asyncio.run(fill())
    return tmp_path / DATABASE_FILE


def tamper(file: Path, statement: str) -> None:
    database = sqlite3.connect(file)
    database.executescript(f"DROP TRIGGER ledger_entries_no_update; {statement};")
    database.close()


def test_a_whole_ledger_is_said_to_be_whole(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "head"]) == 0
    head = capsys.readouterr().out.split()[0]

    assert main(["ledger", "verify", "--head", head]) == 0

    said = capsys.readouterr().out
    assert "The ledger is whole: 4 entries, 60 forecasts, 60 outcomes" in said
    assert head in said


def test_a_broken_entry_is_named_and_the_exit_code_says_so(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(ledger, "UPDATE ledger_entries SET written_at = written_at + 1 WHERE number = 3")

    assert main(["ledger", "verify"]) == 1
    assert "Entry 3 of the ledger is broken" in capsys.readouterr().err


def test_another_head_than_the_one_that_was_kept_is_told(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "verify", "--head", f"4:{'0' * 64}"]) == 1
    assert "its hash was once" in capsys.readouterr().err
    assert main(["ledger", "verify", "--head", f"9:{'0' * 64}"]) == 1
    assert "ends at entry 4" in capsys.readouterr().err


def test_a_head_that_is_none_is_not_understood(ledger: Path) -> None:
    assert main(["ledger", "verify", "--head", "4:zzz"]) == 2
