"""Test where pitwall's records go."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from pitwall import logs


def test_records_go_to_what_is_standard_error_now(monkeypatch: pytest.MonkeyPatch) -> None:
    before, now = io.StringIO(), io.StringIO()
    logger = logging.getLogger("pitwall")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)
    monkeypatch.setattr(logger, "level", logger.level)
    monkeypatch.setattr(sys, "stderr", before)
    logs.configure("WARNING")
    monkeypatch.setattr(sys, "stderr", now)
    before.close()

    logger.warning("the feed is silent")

    assert "the feed is silent" in now.getvalue()
    assert "Traceback" not in now.getvalue()
