"""Test that a misspelt variable is named when the server or a command starts."""

from __future__ import annotations

import os

import pytest

from pitwall.__main__ import main
from pitwall.app import server
from pitwall.app.environment import unknown_variables
from pitwall.app.settings import Settings, spelling_warnings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("PITWALL_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("PITWALL_SPED", "did you mean PITWALL_SPEED?"),
        ("PITWALL_DATABASE_URI", "did you mean PITWALL_DATABASE_URL?"),
        ("PITWALL_REDISURL", "did you mean PITWALL_REDIS_URL?"),
        ("PITWALL_F1_TV_TOKEN_FILE", "did you mean PITWALL_F1TV_TOKEN_FILE?"),
        ("pitwall_f1tv_token_file", "did you mean PITWALL_F1TV_TOKEN_FILE?"),
        ("PITWALL_", "docs/settings.md lists all settings."),
        ("PITWALL_QQQQQQQQQQQQQQ", "docs/settings.md lists all settings."),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, advice: str
) -> None:
    monkeypatch.setenv(name, "sekret")

    assert spelling_warnings() == [f"{name} is not a setting and is ignored: {advice}"]


@pytest.mark.parametrize(
    "name",
    [
        "PITWALL_SPEED",
        "pitwall_speed",  # read too
        "PITWALL_F1TV_TOKEN_FILE",
        "PITWALL_PORT_FILE",  # refused with a reason of its own
        "PITWALL_INTERNAL_WORKERS_FOLDER",
        "PITWALL_SHARED",
        "PITWALLS",
        "HOME",
    ],
)
def test_known_and_foreign_variables_are_not_mentioned(name: str) -> None:
    assert unknown_variables({name: ""}, Settings.model_fields) == []


def test_a_long_or_unprintable_name_stays_one_short_line() -> None:
    [warning] = unknown_variables({"PITWALL_\n\x1b[2J" + "X" * 10_000: ""}, Settings.model_fields)

    assert warning.isprintable()
    assert len(warning) < 200


def test_the_server_warns_before_it_does_anything_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PITWALL_SPED", "sekret")
    monkeypatch.setenv("PITWALL_PORT", "0")  # it refuses to start, too

    assert server.main() == 1

    warned, refused = capsys.readouterr().err.splitlines()
    assert warned == (
        "pitwall: warning: PITWALL_SPED is not a setting and is ignored: "
        "did you mean PITWALL_SPEED?"
    )
    assert refused.startswith("pitwall: PITWALL_PORT")


def test_a_command_warns_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PITWALL_SPED", "2")

    assert main(["circuits"]) == 0

    written = capsys.readouterr()
    assert "did you mean PITWALL_SPEED?" in written.err
    assert "describes no circuit" in written.out
