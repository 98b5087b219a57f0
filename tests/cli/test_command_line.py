"""Test what all commands share: help, version, exit codes, completion, the bare command."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from pitwall import __version__
from pitwall.__main__ import main
from pitwall.app import server
from pitwall.cli.command_table import COMMANDS, command_line
from pitwall.cli.progress import ProgressBar

ROOT = Path(__file__).parents[2]


def every_command() -> list[list[str]]:
    """Return the words of all commands and of the actions of each."""
    found: list[list[str]] = [[]]
    for name in COMMANDS:
        command = command_line.get_command(click.Context(command_line), name)
        found.append([name])
        found += [[name, action] for action in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_explains_itself(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0

    usage, _, explained = capsys.readouterr().out.partition("\n")
    assert usage.startswith(" ".join(["Usage: pitwall", *words]))
    assert re.match(r"\n  [A-Z].+[.]", explained, re.DOTALL)
    assert "Raises:" not in explained


@pytest.mark.parametrize(
    "words", [words for words in every_command() if len(words) == 1], ids=" ".join
)
def test_the_examples_in_a_help_are_understood(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0
    shown = re.findall(
        r"^ {4}pitwall (.+?)(?:  .*| <.*| >.*)?$", capsys.readouterr().out, re.MULTILINE
    )

    for example in shown:
        name, *rest = example.split()
        command = command_line.get_command(click.Context(command_line), name)
        while isinstance(command, click.Group) and rest:
            command = command.commands[rest.pop(0)]
        assert command is not None
        command.make_context(name, [word.replace("NUMBER:HASH", f"1:{'0' * 64}") for word in rest])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["import"], "Missing argument 'WHAT...'"),
        (["races", "2025", "2026"], "unexpected extra argument"),
        (["users"], "Usage: pitwall users"),
        (["ledger", "--nonsense"], "No such option '--nonsense'"),
        (["db", "downgrade"], "Missing argument 'REVISION'"),
        (["record", "--feed", "\x1b[2J"], "'f1_live', 'openf1'"),
        (["races", "2025", "\x1b[2J"], "unexpected extra argument"),
        (["--nonsense"], "No such option '--nonsense'"),
    ],
    ids=repr,
)
def test_words_that_are_not_understood_are_named_and_the_exit_code_is_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2

    lines = capsys.readouterr().err.splitlines()
    assert said in lines[0]
    assert all(line.isprintable() for line in lines)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0

    assert capsys.readouterr().out == f"pitwall {__version__}\n"


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        ([], {}),
        (["serve"], {}),
        (["--feed", "simulated:7"], {"FEED": "simulated:7"}),
        (["serve", "--port", "9000", "--data", "here"], {"PORT": "9000", "DATA": "here"}),
    ],
    ids=repr,
)
def test_the_bare_command_serves_and_its_options_are_settings(
    monkeypatch: pytest.MonkeyPatch, words: list[str], settings: dict[str, str]
) -> None:
    for name in ("FEED", "PORT", "DATA"):
        monkeypatch.setenv(f"PITWALL_{name}", "as before")
    seen: list[dict[str, str]] = []

    def serve() -> int:
        seen.append({name: os.environ[f"PITWALL_{name}"] for name in ("FEED", "PORT", "DATA")})
        return 7

    monkeypatch.setattr(server, "main", serve)

    assert main(words) == 7
    assert seen == [{"FEED": "as before", "PORT": "as before", "DATA": "as before"} | settings]


def test_whoever_interrupts_a_command_gets_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "main", interrupt)

    assert main([]) == 130


@pytest.mark.slow
def test_a_shell_is_told_how_words_may_go_on_without_the_model_being_loaded() -> None:
    asked = {"_PITWALL_COMPLETE": "bash_complete", "COMP_WORDS": "pitwall ", "COMP_CWORD": "1"}
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pitwall"],
        cwd=ROOT,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == [f"plain,{name}" for name in COMMANDS]
    assert "numpy" not in told.stderr
    assert "pydantic" not in told.stderr

    def offered(*words: str) -> list[str]:
        shell = ShellComplete(command_line, {}, "pitwall", "_PITWALL_COMPLETE")
        return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]

    assert offered("re") == ["record"]
    assert {"--feed", "--port"} <= set(offered("serve", "--"))
    assert offered("ledger", "") == ["head", "verify"]
    assert offered("completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_one_that_it_reads(
    shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["completion", shell]) == 0

    script = capsys.readouterr().out
    assert "_PITWALL_COMPLETE" in script
    if program := shutil.which(shell):  # bash is everywhere, the others often not
        (tmp_path / "script").write_text(script)
        subprocess.run([program, "-n", tmp_path / "script"], check=True)


def test_a_bar_is_drawn_at_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProgressBar("a race") as progress:
        progress.show(1, 2)
    assert capsys.readouterr().err == ""

    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        with ProgressBar("a\nrace [red]") as progress:
            progress.show(1, 2)
        shown = ""
        while "\x1b[?25h" not in shown:  # the cursor, which a bar hides
            shown += os.read(ours, 10_000).decode()
    os.close(ours)
    assert r"a\nrace [red]" in shown
    assert "1/2" in shown
