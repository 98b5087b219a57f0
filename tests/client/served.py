"""Serve a simulated race that is stored, and another one live, for clients and recipes.

`python -m tests.client.served COMMAND ...` runs a command beside such a server, and tells it by the
environment where the server is, a key to it, and the recording of the stored race.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import orjson

from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording.import_race import import_race
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.message import RawMessage
from tests.browser.conftest import Server
from tests.feeds.recorders import stamp
from tests.servers.ports import free_port
from tests.short_feeds import Short
from tests.store.races import PREDICTOR

ROOT = Path(__file__).parents[2]
EMAIL, PASSWORD = "ada@example.org", "an engine of brass"
SEED, LIVE_SEED, LIVE_SPEED = 7, 8, 10
WHOLE_RACE = 10**9
PATIENT_S = 120.0  # a busy machine


@dataclass(frozen=True)
class Served:
    """A server that runs.

    Attributes:
        url: Its address.
        key: An API key of `EMAIL`.
        race_id: The stored race.
        recording: The same race as FastF1's client records one.
    """

    url: str
    key: str
    race_id: str
    recording: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells recipes where the server is."""
        return {
            "PITWALL_URL": self.url,
            "PITWALL_KEY": self.key,
            "RECORDING": str(self.recording),
        }


@contextmanager
def serving(folder: Path, messages: int) -> Iterator[Served]:
    """Run a server in a folder of its own, with the first messages of a race stored."""
    subprocess.run([sys.executable, "scripts/build.py"], cwd=ROOT, check=True)
    feed = Short(SimulatedFeed(SEED), messages)
    recording = folder / "recording.txt"
    recording.write_text("\n".join(map(str, recorded(list(feed.messages())))) + "\n")
    with ThreadPoolExecutor(1) as elsewhere:  # this thread may have a loop
        race_id = elsewhere.submit(asyncio.run, _keep(folder, feed)).result()
    settings = {"PITWALL_FEED": f"simulated:{LIVE_SEED}", "PITWALL_SPEED": str(LIVE_SPEED)}
    server = Server(free_port(), folder, **settings)
    server.open_account(EMAIL, PASSWORD)
    try:
        server.start()
        _wait_for_cars(server.url)
        yield Served(server.url, _key(server.url), race_id, recording)
    finally:
        if server.is_running:
            server.stop()


async def _keep(folder: Path, feed: Short) -> str:
    database = Database(database_url(None, folder))
    await migrations.upgrade(database)
    imported = await import_race(feed, SqlRaceWriter(database), PREDICTOR)
    await database.close()
    assert imported.outcome == "imported"
    return imported.race_id


def _wait_for_cars(url: str) -> None:
    """Wait until the live race has placed its cars; the first frames may have none."""
    deadline = time.monotonic() + PATIENT_S
    with httpx.Client(base_url=url, timeout=PATIENT_S) as client:
        while not client.get("/live").json().get("cars"):
            assert time.monotonic() < deadline, "the live race has no cars"
            time.sleep(0.1)


def _key(url: str) -> str:
    with httpx.Client(base_url=url, headers={"Origin": url}, timeout=PATIENT_S) as client:
        client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD}).raise_for_status()
        made = client.post("/auth/keys", json={"name": "tests"}).raise_for_status()
    key: str = made.json()["key"]
    return key


def recorded(messages: Sequence[RawMessage]) -> Iterator[list[Any]]:
    """Yield messages as FastF1's client writes them, a list each.

    FastF1 takes the start of a race from `SessionData`, which its client is sent at once and the
    simulator does not send; so it is written first, from `SessionStatus`.
    """
    for message in messages:
        body = orjson.loads(message.body)
        if message.topic == "SessionStatus" and body["Status"] == "Started":
            started = {"Utc": stamp(message.sent_at), "SessionStatus": "Started"}
            yield ["SessionData", {"StatusSeries": {"0": started}}, stamp(messages[0].sent_at)]
            break
    for message in messages:
        yield [message.topic, orjson.loads(message.body), stamp(message.sent_at)]


def main(command: Sequence[str]) -> int:
    """Run a command beside a server; return its exit code."""
    with (
        TemporaryDirectory(prefix="pitwall-served-") as folder,
        serving(Path(folder), WHOLE_RACE) as served,
    ):
        environment = os.environ | dict(served.environment)
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
