"""Test that workers end after a killed supervisor, and that the next server waits for them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pitwall.errors import SettingsError
from pitwall.store.database import database_url
from pitwall.store.single_writer import hold, hold_as_worker


def test_a_worker_ends_after_its_supervisor_and_the_next_server_waits_for_it(
    tmp_path: Path,
) -> None:
    url = database_url(None, tmp_path)
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "tests.app.orphan_process", str(tmp_path), "1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "works\n"
    finally:
        supervisor.kill()
        supervisor.wait()

    begun = time.monotonic()
    held = hold(url, None)

    assert (
        0.5 < time.monotonic() - begun < 10
    )  # the worker ignores SIGTERM, so it is killed after 1 s
    assert supervisor.stdout.read() == ""  # nobody holds the pipe any more
    supervisor.stdout.close()
    assert held is not None
    held.close()


def test_a_worker_that_does_not_end_is_named(tmp_path: Path) -> None:
    url = database_url(None, tmp_path)
    working = hold_as_worker(url)
    assert working is not None

    with pytest.raises(SettingsError, match="a server that was killed still writes to"):
        hold(url, None, orphans_within_s=0.2)

    working.close()
    held = hold(url, None, orphans_within_s=0.2)
    assert held is not None
    held.close()


def test_workers_share_their_lock_and_postgresql_needs_none(tmp_path: Path) -> None:
    url = database_url(None, tmp_path)
    one, two = hold_as_worker(url), hold_as_worker(url)
    for held in (one, two):
        assert held is not None
        held.close()
    assert hold_as_worker(database_url("postgresql://pitwall@127.0.0.1/pitwall", tmp_path)) is None
