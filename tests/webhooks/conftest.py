"""Provide a worker that leads, and delays that are short."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pitwall.store.database import Database
from pitwall.webhooks import sender as sending
from pitwall.webhooks.targets import Targets
from tests.webhooks.worker import LOOPBACK, Worker


@pytest.fixture
def worker(database: Database) -> Worker:
    return Worker(database, Targets(LOOPBACK))


@pytest.fixture
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sender try again at once, not after seconds."""
    monkeypatch.setattr(sending, "DELAYS", (timedelta(seconds=0.2), timedelta(seconds=0.4)))
    monkeypatch.setattr(sending, "LOOK_EVERY_S", 0.1)
