"""Test `python -m pitwall users`, with passwords that are never arguments."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pitwall.__main__ import main

PASSWORD = "an engine of brass"


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITWALL_DATA", str(tmp_path))
    monkeypatch.delenv("PITWALL_DATABASE_URL", raising=False)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = PASSWORD) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
    return main(["users", *arguments])


def test_the_owner_sees_to_accounts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "create", "Me@Localhost", "--owner") == 0
    assert run(monkeypatch, "create", "ada@example.org") == 0
    assert run(monkeypatch, "disable", "ADA@example.org") == 0
    assert run(monkeypatch, "list") == 0

    shown = capsys.readouterr().out
    assert "owner  me@localhost\n" in shown
    assert "user   ada@example.org  disabled 20" in shown
    assert shown.endswith("2 accounts\n")
    assert PASSWORD not in shown
    assert run(monkeypatch, "enable", "ada@example.org") == 0
    assert run(monkeypatch, "reset-password", "ada@example.org", typed="another engine") == 0
    assert run(monkeypatch, "delete", "ada@example.org") == 0
    assert run(monkeypatch, "list") == 0
    assert capsys.readouterr().out.endswith("me@localhost\n1 account\n")


def test_there_is_no_account_before_one_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "list") == 0

    assert capsys.readouterr().out == "0 accounts\n"


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("create", "ada@example.org"), "short", "at least 10 characters"),
        (("create", "nobody"), PASSWORD, "looks like name@example.org"),
        (("create", "me@localhost"), PASSWORD, "already an account"),
        (("delete", "ada@example.org"), "", "no account with the e-mail ada@example.org"),
        (("reset-password", "me@localhost"), "password123", "too common"),
    ],
)
def test_a_refusal_says_why(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    typed: str,
    said: str,
) -> None:
    assert run(monkeypatch, "create", "me@localhost") == 0

    assert run(monkeypatch, *arguments, typed=typed) == 1
    assert said in capsys.readouterr().err


def test_a_password_is_no_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "create", "ada@example.org", PASSWORD) == 2


def test_at_a_terminal_the_password_is_asked_for_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter([PASSWORD, "something else", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    assert main(["users", "create", "ada@example.org"]) == 1
    assert "differ" in capsys.readouterr().err
    assert main(["users", "create", "ada@example.org"]) == 0
