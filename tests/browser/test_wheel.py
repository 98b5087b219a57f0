"""Test the wheel as somebody has it who has Python alone: no node, no checkout, nothing on PATH.

Its dependencies are those that are installed here: to install them again would take a minute. That
the wheel names all of them is tested in `tests/test_distribution.py`, and `make dist-check`
installs them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pitwall.release import current_release
from tests.browser.conftest import ROOT
from tests.servers.ports import free_port
from tests.servers.requirement import missing
from tests.servers.wheel import Installed, Running

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def wheel(built: None, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    if find_spec("pip") is None:
        missing("pip is not installed here")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    subprocess.run([*build, str(folder), str(ROOT)], check=True, stdout=subprocess.DEVNULL)
    [file] = folder.glob("*.whl")
    installed = Installed(folder)
    installed.install(file, borrowed=sysconfig.get_path("purelib"))
    return installed


@pytest.fixture(scope="module")
def running(wheel: Installed) -> Iterator[Running]:
    nothing_here = 0o555
    wheel.here.chmod(nothing_here)
    with Running(wheel, free_port(), PITWALL_FEED="simulated:7") as server:
        yield server


def test_the_code_is_that_of_the_wheel(wheel: Installed) -> None:
    asked = "import pitwall, pitwall.places as p; print(pitwall.__file__, p.IS_CHECKOUT, p.BESIDE)"
    python = wheel.environment / "bin" / "python"
    told = subprocess.run(
        [python, "-c", asked], cwd=wheel.here, capture_output=True, text=True, check=True
    )

    code, is_checkout, beside = told.stdout.split()
    assert wheel.environment in Path(code).parents
    assert wheel.environment in Path(beside).parents
    assert is_checkout == "False"


def test_plain_pitwall_shows_battles_and_writes_nothing_outside_its_data_folder(
    wheel: Installed, running: Running
) -> None:
    battles = running.first_battles()
    health = json.loads(running.get("/health"))

    assert any(battle["p_overtake"] is not None for battle in battles)
    assert health["source"] == "simulated"
    assert health["build"]["version"] == current_release().version
    assert health["build"]["revision"] == current_release().revision
    assert b"Pitwall" in running.get("/")
    assert b"swagger" in running.get("/docs")
    assert (wheel.data / "pitwall.db").is_file()
    assert wheel.strays() == []


def test_its_page_shows_the_race_and_the_version_at_its_foot(running: Running, page: Page) -> None:
    running.first_battles()

    page.goto(running.url)

    expect(page.locator("footer")).to_contain_text(
        f"pitwall {current_release().version}", timeout=30_000
    )
    expect(page.locator("main")).to_contain_text("attacks", timeout=30_000)


def test_its_commands_find_database_and_migrations(wheel: Installed, running: Running) -> None:
    running.first_battles()

    assert wheel.say("--version") == f"pitwall {current_release().version}\n"
    assert wheel.say("users", "list") == "0 accounts\n"
    assert wheel.say("db", "upgrade") == "the database is at head\n"
    began_s = time.monotonic()
    assert "Commands:" in wheel.say("--help")
    assert time.monotonic() - began_s < 5
