"""Test OpenF1's REST client: filters, limits, waits and refusals, against a local server."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1.client import BRIEF, THOROUGH, OpenF1Access, OpenF1Rest, Patience
from tests.chaos.http_server import Client, HttpServer, Request
from tests.chaos.openf1_rows import SESSION, Story, Told
from tests.chaos.openf1_server import OpenF1Server
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually
from tests.feeds.openf1.worlds import described, row

Work = Callable[[OpenF1Rest, OpenF1Server, VirtualTimeLoop], Awaitable[None]]


def against_a_server(work: Work) -> None:
    """Run against a server that tells a place every minute for an hour, all in the past."""

    async def run(loop: VirtualTimeLoop) -> None:
        begins = loop.now() - timedelta(hours=1)
        minutes = [begins + timedelta(minutes=n) for n in range(60)]
        tale = [Told(at, "position", row(at, position=n + 1)) for n, at in enumerate(minutes)]
        server = OpenF1Server(Story((*described(begins), *tale)), loop.now, in_session=False)
        async with server.http, OpenF1Rest(OpenF1Access.of(server.http.url), now=loop.now) as rest:
            await work(rest, server, loop)

    run_virtually(run)


def test_filters_are_taken_as_openf1_takes_them() -> None:
    async def work(rest: OpenF1Rest, server: OpenF1Server, loop: VirtualTimeLoop) -> None:
        since = loop.now() - timedelta(minutes=10)
        answer = await rest.rows("position", session_key=SESSION, date__ge=since, position__le=55)

        assert [one["position"] for one in answer.rows] == [51, 52, 53, 54, 55]

    against_a_server(work)


def test_nothing_found_is_no_error() -> None:
    async def work(rest: OpenF1Rest, server: OpenF1Server, loop: VirtualTimeLoop) -> None:
        assert (await rest.rows("pit", session_key=SESSION)).rows == []

    against_a_server(work)


def test_a_hundred_requests_stay_within_the_limit() -> None:
    async def work(rest: OpenF1Rest, server: OpenF1Server, loop: VirtualTimeLoop) -> None:
        began_s = loop.time()
        for _ in range(100):
            await rest.rows("drivers", session_key=SESSION)

        assert server.refused == 0
        assert 180 <= loop.time() - began_s < 200  # 30 a minute, from the first second on

    against_a_server(work)


def answering(*statuses: int, **headers: str) -> tuple[HttpServer, list[int]]:
    """Return a server that answers with one status after another, and then with rows."""
    left = list(statuses)

    async def handle(_request: Request, client: Client) -> bool:
        if left:
            client.answer(left.pop(0), b"", **headers)
        else:
            client.answer(200, b"[]")
        return True

    return HttpServer(handle), left


def test_a_server_that_asks_for_patience_is_left_alone_so_long() -> None:
    http, _ = answering(429, Retry_After="7")

    async def work(loop: VirtualTimeLoop) -> None:
        async with http, OpenF1Rest(OpenF1Access.of(http.url), THOROUGH, loop.now) as rest:
            await rest.rows("laps")
            assert 7 <= loop.time() < 8

    run_virtually(work)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_tried_again_but_not_for_ever(status: int) -> None:
    http, left = answering(*[status] * 10)

    async def work(loop: VirtualTimeLoop) -> None:
        rng = random.Random(1)
        async with http, OpenF1Rest(OpenF1Access.of(http.url), THOROUGH, loop.now, rng) as rest:
            with pytest.raises(FeedUnavailableError, match=str(status)):
                await rest.rows("laps")
        assert len(left) == 10 - THOROUGH.attempts

    run_virtually(work)


def test_a_server_that_drips_is_given_up() -> None:
    async def drip(_request: Request, client: Client) -> bool:
        client.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        await client.reader.read()
        return False

    http = HttpServer(drip)

    async def work(loop: VirtualTimeLoop) -> None:
        async with http, OpenF1Rest(OpenF1Access.of(http.url), Patience(4.0, 1), loop.now) as rest:
            with pytest.raises(FeedUnavailableError, match="did not answer within 4 s"):
                await rest.rows("laps")
        assert loop.time() == pytest.approx(4, abs=0.5)

    run_virtually(work)


def test_an_answer_that_is_no_json_is_told() -> None:
    async def html(_request: Request, client: Client) -> bool:
        client.answer(200, b"<html>An error occurred</html>")
        return True

    http = HttpServer(html)

    async def work(loop: VirtualTimeLoop) -> None:
        async with http, OpenF1Rest(OpenF1Access.of(http.url), BRIEF, loop.now) as rest:
            with pytest.raises(FeedUnavailableError, match="not JSON"):
                await rest.rows("laps")

    run_virtually(work)


def test_nobody_listening_is_told() -> None:
    async def work(loop: VirtualTimeLoop) -> None:
        async with OpenF1Rest(OpenF1Access.of("http://127.0.0.1:9"), BRIEF, loop.now) as rest:
            with pytest.raises(FeedUnavailableError, match="cannot be reached"):
                await rest.rows("laps")

    run_virtually(work)
