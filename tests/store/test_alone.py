"""Test that a second server on one SQLite file is refused, and that a crash releases the lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pitwall.errors import SettingsError
from pitwall.store.database import database_url
from pitwall.store.single_writer import hold

HOLDING = (
    "import sys, time; from pathlib import Path; from pitwall.store.single_writer import hold; "
    "from pitwall.store.database import database_url; "
    "held = hold(database_url(None, Path(sys.argv[1])), None); print('held', flush=True); "
    "time.sleep(600)"
)


def test_the_second_server_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    url = database_url(None, tmp_path)
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        for redis in (None, "redis://127.0.0.1/0"):
            with pytest.raises(SettingsError, match=r"pitwall\.db' already") as refused:
                hold(url, redis)
            assert str(tmp_path) in str(refused.value)
            assert "PITWALL_REDIS_URL" in str(refused.value)
    finally:
        first.kill()
        first.wait()
        assert first.stdout is not None
        first.stdout.close()
    held = hold(url, None)
    assert held is not None
    held.close()


def test_servers_that_share_a_redis_are_one_and_others_are_not(tmp_path: Path) -> None:
    url = database_url(None, tmp_path)
    one, two = hold(url, "redis://a/0"), hold(url, "redis://a/0")
    for other in (None, "redis://b/0"):
        with pytest.raises(SettingsError, match="another server"):
            hold(url, other)
    for held in (one, two):
        assert held is not None
        held.close()
    last = hold(url, "redis://b/0")
    assert last is not None
    last.close()


def test_postgresql_needs_no_lock(tmp_path: Path) -> None:
    assert hold(database_url("postgresql://pitwall@127.0.0.1/pitwall", tmp_path), None) is None
