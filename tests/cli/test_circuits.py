"""Test that `circuits` lists descriptions, and stores a file only when it can be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitwall.__main__ import main
from pitwall.app.database import circuit_guides
from pitwall.app.settings import load
from pitwall.circuits import CircuitFolder, FastF1Guides
from tests.circuits.makers import answer, as_bytes, columns


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PITWALL_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "circuits"


def test_files_are_added_and_listed_with_whose_they_are(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, theirs = tmp_path / "mine.json", tmp_path / "theirs.json"
    mine.write_bytes(as_bytes(columns(source="a walk around it")))
    theirs.write_bytes(as_bytes(answer()))

    assert main(["circuits"]) == 0
    assert main(["circuits", "add", str(mine), "--circuit", "Nowhere Park", "--year", "2025"]) == 0
    assert main(["circuits", "add", str(theirs), "--circuit", "elsewhere"]) == 0
    (folder / "broken-2024.json").write_bytes(b"{}")
    assert main(["circuits", "list"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        f"{folder} describes no circuit",
        f"stored as {folder / 'nowhere-park-2025.json'}",
        f"stored as {folder / 'elsewhere.json'}",
        "broken  2024  not used: it has neither `corners` nor the column `CornerNumber`",
        "elsewhere  any year  3 corners, 0 with their distance; MultiViewer",
        "nowhere-park  2025  3 corners, 3 with their distance; a walk around it",
    ]


def test_the_name_of_a_file_stays_on_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = tmp_path / "two\nlines\x1b[2J.json"

    assert main(["circuits", "add", str(named), "--circuit", "nowhere"]) == 1
    named.write_bytes(b"{}")
    assert main(["circuits", "add", str(named), "--circuit", "nowhere"]) == 1

    for line in capsys.readouterr().err.splitlines():
        assert line.isprintable()
        assert line.startswith("pitwall: ")
        assert r"two\nlines\x1b[2J.json" in line


@pytest.mark.parametrize(
    ("body", "more", "because"),
    [
        (None, ["--circuit", "nowhere"], "cannot be read: No such file"),
        (b"{}", ["--circuit", "nowhere"], "was not stored: it has neither"),
        (as_bytes(columns()), ["--circuit", "!!"], "is not a circuit"),
        (as_bytes(columns()), ["--circuit", "nowhere", "--year", "25"], "is not a circuit"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    body: bytes | None,
    more: list[str],
    because: str,
) -> None:
    file = tmp_path / "file.json"
    if body is not None:
        file.write_bytes(body)

    assert main(["circuits", "add", str(file), *more]) == 1

    assert because in capsys.readouterr().err
    assert not list(folder.glob("*"))


@pytest.mark.usefixtures("folder")
def test_the_setting_says_whether_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(circuit_guides(load()), FastF1Guides)

    monkeypatch.setenv("PITWALL_CIRCUIT_INFO", "folder")
    assert isinstance(circuit_guides(load()), CircuitFolder)
