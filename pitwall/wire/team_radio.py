"""Decode `TeamRadio`: whose radio was captured, when, and the address of the file."""

from __future__ import annotations

import re

from pitwall.domain.events import RadioCaptured
from pitwall.domain.race import DriverNumber
from pitwall.domain.session_facts import MOST_CAPTURES
from pitwall.wire.containers import each_item, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.texts import text_up_to
from pitwall.wire.values import NotAValueError, read_driver_number, read_instant

# A file below the session's folder, or at one of the two hosts that feeds name: pages may link it.
_PATH = re.compile(r"(?:https://(?:livetiming|media)\.formula1\.com/)?(?:[\w.%-]+/)*[\w.%-]+\Z")
_read_path_text = text_up_to(300)


def decode_team_radio(payload: dict[str, object], findings: Findings) -> None:
    """Add each capture, whole or as a patch."""
    captures = payload.get("Captures")
    if captures is None:
        return
    for index, capture in each_item(captures, findings, "radio", most=MOST_CAPTURES - 1):
        if not isinstance(capture, dict) or index >= MOST_CAPTURES:
            findings.fault("radio_not_object", capture)
            continue
        path = read_field(capture, "Path", read_path, "radio_path", findings)
        number = read_field(capture, "RacingNumber", _driver, "car_number", findings)
        told_at = read_field(capture, "Utc", read_instant, "radio_time", findings)
        if path is not None or number is not None or told_at is not None:
            findings.add(RadioCaptured(findings.sent_at, index, number, told_at, path or ""))


def read_path(value: object) -> str:
    """Return the path of a file or folder, or an address at a host that feeds name.

    Raises:
        NotAValueError: It is something else, or leads out of its folder.
    """
    path = _read_path_text(value).rstrip("/")
    if not _PATH.match(path) or ".." in path:
        raise NotAValueError
    return path


def _driver(value: object) -> DriverNumber:
    return read_driver_number(str(value)[:8])
