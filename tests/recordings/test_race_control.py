"""Test what is read from race control's messages of all races of the timing archive."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pitwall.domain.race import ControlMessage, DriverNumber
from pitwall.domain.rulings import ControlKind, Penalty, message_kind, ruling_of, rulings_of

BY_COLLISION = "causing a collision"


@pytest.fixture(scope="module")
def archive(shared: Path) -> dict[int, list[ControlMessage]]:
    """Return race control's messages of all races of the timing archive, by session."""
    rows = pq.read_table(shared / "data" / "timing" / "race_control.parquet").to_pylist()
    races: dict[int, list[ControlMessage]] = {}
    for row in rows:
        message = ControlMessage(
            row["utc"].replace(tzinfo=UTC), row["category"], row["message"], row["flag"]
        )
        races.setdefault(row["session_id"], []).append(message)
    return races


def test_nothing_that_names_a_penalty_in_eight_seasons_is_overlooked(
    archive: dict[int, list[ControlMessage]],
) -> None:
    messages = [message for race in archive.values() for message in race]
    overlooked = [
        message.message
        for message in messages
        if any(word in message.message for word in (" PENALTY FOR CAR", "DELETED", "BLACK AND"))
        and ruling_of(message) is None
    ]
    kinds = {message_kind(message) for message in messages}

    assert len(archive) > 100
    assert overlooked == []
    assert kinds == set(ControlKind)


def test_investigations_of_eight_seasons_name_a_car_wherever_the_message_does(
    archive: dict[int, list[ControlMessage]],
) -> None:
    nameless = [
        message.message
        for race in archive.values()
        for message in race
        if "INCIDENT INVOLVING CAR" in message.message and ruling_of(message) is None
    ]

    assert nameless == []


def test_the_dutch_race_of_2025_ends_with_its_known_penalties(
    archive: dict[int, list[ControlMessage]],
) -> None:
    rulings = rulings_of(archive[183])

    assert rulings[DriverNumber(55)].penalties == (
        Penalty("+10 s", 10, BY_COLLISION, is_served=True),
    )
    assert [each.words for each in rulings[DriverNumber(12)].penalties] == ["+10 s", "+5 s"]
    assert rulings[DriverNumber(30)].matters == ()
