"""Test that circuits are read from files by name and year; a bad file is reported once."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from pitwall.circuits import CircuitFolder
from pitwall.errors import CircuitGuideError
from tests.circuits.makers import answer, as_bytes, columns


async def source_of(folder: CircuitFolder, circuit_id: str, year: int) -> str | None:
    guide = await folder.guide(circuit_id, year)
    return guide.source if guide else None


@pytest.mark.parametrize(
    ("files", "year", "chosen"),
    [
        (["nowhere-2024", "nowhere-2025", "nowhere"], 2025, "nowhere-2025"),
        (["nowhere-2024", "nowhere"], 2025, "nowhere"),
        (["nowhere-2022", "nowhere-2024", "nowhere-2026"], 2025, "nowhere-2024"),
        (["nowhere-2026"], 2025, None),
        (["nowhere-else-2025", "not-nowhere", "nowhere-2025.bak"], 2025, None),
        ([], 2025, None),
    ],
)
async def test_the_year_itself_then_any_year_then_the_nearest_earlier(
    tmp_path: Path, files: list[str], year: int, chosen: str | None
) -> None:
    for name in files:
        (tmp_path / f"{name}.json").write_bytes(as_bytes(columns(source=name)))

    assert await source_of(CircuitFolder(tmp_path), "nowhere", year) == chosen


async def test_a_folder_that_is_not_there_knows_nothing(tmp_path: Path) -> None:
    folder = CircuitFolder(tmp_path / "none")

    assert await folder.guide("nowhere", 2025) is None
    assert list(folder.known()) == []


async def test_a_damaged_file_is_told_once_and_is_as_if_not_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "nowhere-2024.json").write_bytes(as_bytes(columns(source="older")))
    damaged = tmp_path / "nowhere-2025.json"
    damaged.write_bytes(as_bytes(columns())[:-5])
    folder = CircuitFolder(tmp_path)

    with caplog.at_level(logging.WARNING, "pitwall"):
        assert await source_of(folder, "nowhere", 2025) == "older"
        assert await source_of(folder, "nowhere", 2025) == "older"
        assert [record.message.split(": ")[0] for record in caplog.records] == [
            f"A circuit is shown without {damaged}"
        ]
        damaged.write_bytes(b"{}")
        os.utime(damaged, ns=(1, 1))
        assert await source_of(folder, "nowhere", 2025) == "older"

    assert len(caplog.records) == 2


@pytest.mark.parametrize("form", [columns(), answer()])
async def test_what_is_kept_is_found_and_stays_byte_for_byte(
    tmp_path: Path, form: dict[str, object]
) -> None:
    folder = CircuitFolder(tmp_path / "new")

    file = folder.save("nowhere-park", 2025, as_bytes(form))

    assert file.name == "nowhere-park-2025.json"
    assert file.read_bytes() == as_bytes(form)
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    (known,) = folder.known()
    assert (known.circuit_id, known.year) == ("nowhere-park", 2025)
    assert known.guide == await folder.guide("nowhere-park", 2025)


@pytest.mark.parametrize(
    ("circuit_id", "year"),
    [("../nowhere", 2025), ("", 2025), ("Nowhere", 2025), ("nowhere-2024", None), ("nowhere", 7)],
)
def test_a_name_that_would_mean_another_file_is_refused(
    tmp_path: Path, circuit_id: str, year: int | None
) -> None:
    with pytest.raises(CircuitGuideError, match="is not a circuit"):
        CircuitFolder(tmp_path).save(circuit_id, year, as_bytes(columns()))


def test_nothing_damaged_is_kept_and_what_was_there_stays(tmp_path: Path) -> None:
    folder = CircuitFolder(tmp_path)
    folder.save("nowhere", None, as_bytes(columns()))

    with pytest.raises(CircuitGuideError, match="neither"):
        folder.save("nowhere", None, b"{}")

    (known,) = folder.known()
    assert known.guide is not None
