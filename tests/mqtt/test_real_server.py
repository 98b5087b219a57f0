"""Test that a worker with a broker set publishes its race there, until it is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pitwall.app import container
from pitwall.app.settings import Settings
from pitwall.cache.backend import in_memory
from pitwall.mqtt.broker_link import BrokerSettings
from tests.mqtt.home_assistant import faults
from tests.mqtt.watching import until, watching
from tests.servers.mosquitto import Mosquitto

STARTS_WITHIN_S = 60.0
WORKER = "import asyncio; from pitwall.app import container; asyncio.run(container.run_worker())"


def test_without_an_address_nothing_is_published() -> None:
    assert container.open_broker_link(Settings(), in_memory()) is None


@contextmanager
def worker(folder: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker of pitwall without page and API; its log is in the folder."""
    environment = {name: text for name, text in os.environ.items() if name[:8] != "PITWALL_"}
    environment |= {f"PITWALL_{name.upper()}": text for name, text in settings.items()}
    with (folder / "log").open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-c", WORKER], env=environment, stdout=output, stderr=output
        )
    try:
        yield running
    finally:
        running.kill()
        running.wait(timeout=10)


@pytest.mark.slow
async def test_a_simulated_race_is_told_until_the_worker_is_killed(tmp_path: Path) -> None:
    with (
        TemporaryDirectory(prefix="pitwall-mosquitto-") as folder,
        Mosquitto(Path(folder), login=("ha", "sekret")) as mosquitto,
        worker(
            tmp_path,
            feed="simulated:3",
            data=str(tmp_path),
            mqtt_url=mosquitto.urls["mqtt"].replace("://", "://ha@"),
            mqtt_password="sekret",
            log="DEBUG",
        ) as running,
    ):
        broker = BrokerSettings.of(mosquitto.urls["mqtt"].replace("://", "://ha:sekret@"))
        async with watching(broker) as watcher:
            await until(
                lambda: watcher.is_online() and watcher.state()["battle"] is not None,
                STARTS_WITHIN_S,
            )
            state = watcher.state()
            assert state["race"]["source"] == "simulated"
            assert state["lap"] >= container.SIMULATION_JOINED_ON_LAP
            configs = [each for each in watcher.messages if each[0].endswith("/config")]
            assert len(configs) == 9
            assert [faults(*each) for each in configs] == [[]] * 9

            running.kill()
            await until(lambda: not watcher.is_online())
    assert "sekret" not in (tmp_path / "log").read_text()
