"""Test `pitwall mcp` as assistants start it: a process that talks over stdin and stdout."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import TextContent

from pitwall.__main__ import main
from pitwall.cli import mcp as command_module
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from tests.servers.ports import free_port
from tests.store.races import SMALL, keep_small

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(url: str, port: int) -> Iterator[str]:
    """Serve the API with a stored race in a process; give an API key for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.api.exporting_process", url, str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()
    finally:
        process.kill()
        process.communicate(timeout=10)


async def test_an_assistant_reads_a_stored_race_of_a_real_server(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'pitwall.db'}"
    database = Database(database_url(url, tmp_path))
    await migrations.upgrade(database)
    await keep_small(database)
    await database.close()
    port = free_port()
    with serving(url, port) as key:
        parameters = StdioServerParameters(
            command=sys.executable,
            args=["-m", "pitwall", "mcp", "--url", f"http://127.0.0.1:{port}"],
            env={**os.environ, "PITWALL_KEY": key},
            cwd=ROOT,
        )
        async with Client(parameters) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            answer = await client.call_tool("race_battles", {"race_id": SMALL.race_id})
            refused = await client.call_tool("race_overview", {"race_id": "2020-nowhere"})

    assert len(names) == 10
    assert not answer.is_error
    assert answer.structured_content is not None
    assert answer.structured_content["battles"][0]["attacker"] == "MAR"
    assert refused.is_error


async def test_over_http_it_answers_this_machine_under_its_own_name_alone() -> None:
    port = free_port()
    with listening("--http", str(port), "--url", "http://127.0.0.1:9"):
        address = f"http://127.0.0.1:{port}/mcp"
        async with httpx.AsyncClient() as browser:
            await answering(browser, address)
            other_name = await browser.post(address, json={}, headers={"Host": "evil.example"})
            other_page = await browser.post(
                address, json={}, headers={"Origin": "https://evil.example"}
            )
        async with Client(address) as client:
            refused = await client.call_tool("live_battles", {})

    assert (other_name.status_code, other_page.status_code) == (421, 403)
    (content,) = refused.content
    assert isinstance(content, TextContent)
    assert "No pitwall answers at http://127.0.0.1:9" in content.text


@contextmanager
def listening(*words: str) -> Iterator[None]:
    """Run `pitwall mcp` in a process."""
    process = subprocess.Popen([sys.executable, "-m", "pitwall", "mcp", *words], cwd=ROOT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


async def answering(browser: httpx.AsyncClient, address: str) -> None:
    """Wait until something answers at an address."""
    async with asyncio.timeout(30):
        while True:
            with suppress(httpx.ConnectError):
                await browser.post(address)
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://h", "http://", "http://h:x", "http://a b"]
)
def test_an_address_that_is_none_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", "--url", url]) == 1

    said = capsys.readouterr()
    assert "must be http://HOST" in said.err
    assert said.out == ""


def test_without_the_sdk_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_module, "_SDK", "mcp_that_nobody_installed")

    assert main(["mcp"]) == 1

    assert capsys.readouterr().err == (
        "pitwall: `pitwall mcp` needs the MCP SDK, which is not installed: install pitwall[mcp]\n"
    )
