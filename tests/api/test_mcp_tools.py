"""Test the tools with the SDK's own client, against the real API with a stored race."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import TextContent
from starlette.types import ASGIApp

from pitwall import __version__, services
from pitwall.analysis.track_record import TrackRecords
from pitwall.domain.records import Batch
from pitwall.mcp_server.rest_api import RestApi
from pitwall.mcp_server.tools import build_server
from pitwall.store.database import Database
from pitwall.store.ledger.reader import SqlLedgerReader
from tests.api.conftest import HOST, Clients, House
from tests.live.frames import a_frame
from tests.store.races import LIGHTS_OUT, SMALL


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """One kind of database will do: `test_history` tries both."""
    return f"sqlite:///{tmp_path / 'pitwall.db'}"


class Assistant:
    """An MCP client of a server that asks the API with a key, or as a guest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    @asynccontextmanager
    async def connected(self, key: str = "") -> AsyncIterator[Client]:
        """Connect while the block lasts."""
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with (
            RestApi(HOST, key, transport) as api,
            Client(build_server(api)) as client,
        ):
            yield client


async def told(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return what a tool answers."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """Return why a tool refuses."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text.removeprefix(f"Error executing tool {tool}: ")  # the SDK's own words


@pytest.fixture
def assistant(app: ASGIApp) -> Assistant:
    return Assistant(app)


@pytest.fixture
async def key(clients: Clients) -> str:
    user = await clients.user()
    answer = await user.post("/auth/keys", json={"name": "assistant"})
    return str(answer.json()["key"])


async def test_every_tool_says_what_it_is_for_and_that_it_only_reads(assistant: Assistant) -> None:
    async with assistant.connected() as client:
        tools = (await client.list_tools()).tools

        assert client.server_info is not None
        assert (client.server_info.name, client.server_info.version) == ("pitwall", __version__)
        assert "simulated" in (client.instructions or "")
    assert {tool.name for tool in tools} == {
        *("live_battles", "predict", "what_if", "what_if_features", "list_races"),
        *("race_overview", "race_battles", "race_passes", "race_table", "ledger_summary"),
    }
    for tool in tools:
        assert len(tool.description or "") > 60, tool.name
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint


async def test_live_battles_are_told_to_a_guest(assistant: Assistant, house: House) -> None:
    await house.live.publish(a_frame())

    async with assistant.connected() as client:
        answer = await told(client, "live_battles")
        none = await told(client, "live_battles", min_chance=1)

    (battle,) = answer["battles"]
    assert answer["source"] == "simulated"
    assert (battle["attacker"]["code"], battle["defender"]["code"]) == ("PIA", "NOR")
    assert 0 < battle["p_overtake"] < 1
    assert answer["race"]["lap"] == 5
    assert none["battles"] == []


async def test_before_the_first_frame_the_refusal_is_the_apis(assistant: Assistant) -> None:
    async with assistant.connected() as client:
        assert await refused(client, "live_battles") == (
            "No frame has been published yet. (status 503)"
        )


async def test_a_guest_is_told_that_a_key_is_missing(assistant: Assistant, kept: Batch) -> None:
    async with assistant.connected() as client:
        why = await refused(client, "list_races")

    assert "PITWALL_KEY" in why
    assert "status 401" in why


async def test_a_wrong_key_is_named_as_such(assistant: Assistant, kept: Batch) -> None:
    async with assistant.connected("pw_wrong") as client:
        assert await refused(client, "list_races") == "This API key is not valid. (status 401)"


async def test_a_stored_race_is_listed_and_told(
    assistant: Assistant, kept: Batch, key: str
) -> None:
    race_id = SMALL.race_id
    async with assistant.connected(key) as client:
        races = await told(client, "list_races", year=2026)
        overview = await told(client, "race_overview", race_id=race_id)
        battles = await told(client, "race_battles", race_id=race_id, driver="mar")
        alarms = await told(client, "race_battles", race_id=race_id, only_false_alarms=True)
        passes = await told(client, "race_passes", race_id=race_id, driver="2")

    assert [race["race_id"] for race in races["races"]] == [race_id]
    assert overview["digest"]["passes"] == 0
    assert overview["battles"] == 1
    (battle,) = battles["battles"]
    assert (battle["attacker"], battle["defender"], battle["most_p"]) == ("MAR", "BYR", 0.5)
    assert (battles["total"], battles["next_offset"]) == (1, None)
    assert alarms["battles"] == []
    assert passes["passes"] == []


async def test_tables_come_in_pages(assistant: Assistant, kept: Batch, key: str) -> None:
    asked = {"race_id": SMALL.race_id, "table": "timing", "limit": 40}
    async with assistant.connected(key) as client:
        first = await told(client, "race_table", **asked)
        second = await told(client, "race_table", **asked, cursor=first["next_cursor"])
        early = await told(client, "race_table", **asked, to_time=LIGHTS_OUT.isoformat())

    assert [len(page["rows"]) for page in (first, second, early)] == [40, 20, 0]
    assert second["next_cursor"] is None
    assert second["rows"][-1]["row"]["interval_s"] == kept.timing[-1].interval_s


async def test_forecasts_of_then_and_of_made_up_battles(
    assistant: Assistant, kept: Batch, key: str, house: House
) -> None:
    async with assistant.connected(key) as client:
        features = (await told(client, "what_if_features"))["features"]
        by_name = {each["name"]: each for each in features}
        close = await told(client, "what_if", features={"interval_s": 0.5})
        wrong = await refused(client, "what_if", features={"interval_s": 99})
        alone = await refused(client, "predict", race_id=SMALL.race_id)
        await house.live.publish(a_frame())
        now = await told(client, "predict", attacker="PIA")
        nobody = await refused(client, "predict", attacker="XYZ")

    assert by_name["interval_s"]["unit"] == "s"
    assert close["p_overtake"] is not None
    assert "interval_s" not in close["unknown"]
    assert wrong == "interval_s must be 0.001 to 1.999 s. (status 422)"
    assert "Send `race_id` and `at` together." in alone
    assert [battle["attacker"]["code"] for battle in now["battles"]] == ["PIA"]
    assert nobody == "There is no car XYZ in this race. (status 404)"


async def test_the_ledger_is_told_to_a_guest(
    assistant: Assistant, kept: Batch, database: Database, house: House
) -> None:
    services.install(replace(services.current(), records=TrackRecords(SqlLedgerReader(database))))
    async with assistant.connected() as client:
        answer = await told(client, "ledger_summary", made="import")

    assert (answer["made"], answer["forecasts"], answer["overall"]) == ("import", 60, None)


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("race_overview", {"race_id": "2020-nowhere"}, "2020-nowhere"),
        ("race_overview", {"race_id": "../auth/me"}, "race_id"),
        ("race_battles", {"race_id": SMALL.race_id, "driver": "NOB"}, "there are BYR, MAR"),
        ("race_table", {"race_id": SMALL.race_id, "table": "users"}, "table"),
        ("race_table", {"race_id": SMALL.race_id, "table": "laps", "limit": 501}, "limit"),
        ("list_races", {"cursor": "nonsense"}, "cursor"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    assistant: Assistant, kept: Batch, key: str, tool: str, arguments: dict[str, Any], why: str
) -> None:
    async with assistant.connected(key) as client:
        assert why in await refused(client, tool, **arguments)


async def test_the_limits_are_those_of_the_api(assistant: Assistant, kept: Batch, key: str) -> None:
    async with assistant.connected(key) as client:
        for _ in range(1_000):
            result = await client.call_tool("list_races", {})
            if result.is_error:
                break
        (content,) = result.content

    assert isinstance(content, TextContent)
    assert "Too many requests; try again in" in content.text
    assert "status 429" in content.text


class Odd(httpx.AsyncBaseTransport):
    """A server that is no pitwall, or not there."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.ConnectError("refused"), "No pitwall answers at http://h:1"),
        (httpx.ReadTimeout("late"), "did not answer within 30 s"),
        (httpx.Response(200, text="<html>"), "cannot read, at its beginning"),
        (httpx.Response(200, json={"battles": []}), "cannot read, at source"),
        (httpx.Response(502, text="<html>Bad gateway"), "answered 502, and not as pitwall does"),
        (httpx.Response(307, headers={"Location": "https://elsewhere"}), "answered 307"),
    ],
    ids=str,
)
async def test_a_server_that_is_no_pitwall_is_named_without_its_log_in(
    answer: httpx.Response | Exception, why: str
) -> None:
    async with (
        RestApi("http://somebody:sekret@h:1", "pw_sekret", Odd(answer)) as api,
        Client(build_server(api)) as client,
    ):
        told_why = await refused(client, "live_battles")

    assert why in told_why
    assert "sekret" not in told_why
