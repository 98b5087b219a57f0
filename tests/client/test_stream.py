"""Test that the stream goes on where it broke, and that each event is a value of its kind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from pitwall.client import (
    AsyncPitwall,
    EventsMissed,
    FlagShown,
    InvalidRequestError,
    News,
    NothingNew,
    PassMade,
    Pitwall,
    RetryPolicy,
    ServerFailedError,
    UnreachableError,
    UnreadableAnswerError,
)
from pitwall.client.stream import SILENT_S

QUICK = RetryPolicy(attempts=3, first_wait_s=0.001, longest_wait_s=0.05)
EVENT = {"race_id": "r", "source": "simulated", "as_of": "2026-08-23T13:05:00Z", "lap": 3}
FLAG = EVENT | {"track_status": "yellow", "phase": "started", "overtake_enabled": None}
CAR = {
    "number": 4, "code": "NOR", "name": "", "team": "", "compound": "SOFT", "tyre_life_laps": None,
    "pit_stops": 0,
}  # fmt: skip
PASS = EVENT | {
    "attacker": CAR, "defender": CAR | {"code": "PIA\u2028"}, "position": 3, "reason": "passed",
    "ended_at": "2026-08-23T13:05:00Z", "laps": 2, "p_overtake_before": 0.4, "taken_back": False,
}  # fmt: skip
BEAT = {"at": "2026-08-23T13:05:00Z", "feed_state": "stale"}


def event(kind: str, data: dict[str, Any], name: str = "") -> bytes:
    id_line = f"id: {name}\n" if name else ""
    return f"event: {kind}\n{id_line}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


RETRY = b"retry: 1\n\n"


class Pieces(httpx.AsyncByteStream, httpx.SyncByteStream):
    """The pieces of a stream; it breaks at an error, and else ends."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = pieces
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class Server:
    """Answers each connection as told, and remembers the requests."""

    def __init__(self, *answers: Pieces | httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=answer)


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def told(kind: str, server: Server, most: int, **wanted: Any) -> list[News]:
    """Return the first news that a client is told."""
    transport = httpx.MockTransport(server)
    found: list[News] = []
    if kind == "sync":
        with Pitwall("http://box", key="", retry=QUICK, transport=transport) as pitwall:
            for news in pitwall.stream(**wanted):
                found.append(news)
                if len(found) == most:
                    break
        return found
    async with (
        AsyncPitwall("http://box", key="", retry=QUICK, transport=transport) as awaited,
        aclosing(awaited.stream(**wanted)) as stream,
    ):
        async for news in stream:
            found.append(news)
            if len(found) == most:
                break
    return found


async def test_each_event_is_a_value_of_its_kind(kind: str) -> None:
    unknown = event("of_a_newer_server", {"x": 1})
    pieces = Pieces(
        RETRY, unknown, event("flag", FLAG), event("passed", PASS, "a"), event("missed", {}),
        event("heartbeat", BEAT),
    )  # fmt: skip

    flag, passed, missed, nothing = await told(kind, Server(pieces), 4)

    assert isinstance(flag, FlagShown)
    assert flag.track_status == "yellow"
    assert isinstance(passed, PassMade)
    assert passed.defender.code == "PIA\u2028"  # no end of a line in this format
    assert isinstance(missed, EventsMissed)
    assert isinstance(nothing, NothingNew)
    assert pieces.closed


async def test_a_broken_stream_goes_on_after_the_last_event_with_an_id(kind: str) -> None:
    server = Server(
        Pieces(RETRY, event("flag", FLAG, "a"), event("flag", FLAG), httpx.ReadError("reset")),
        httpx.Response(503, headers={"Retry-After": "0"}),
        Pieces(RETRY, event("flag", FLAG, "b")),
        Pieces(RETRY, event("flag", FLAG)),
    )

    assert len(await told(kind, server, 4)) == 4
    last = [request.headers.get("Last-Event-ID") for request in server.asked]
    assert last == [None, "a", "a", "b"]


async def test_half_an_event_is_not_told(kind: str) -> None:
    half = event("flag", FLAG | {"lap": 9}, "b")[:-10]
    server = Server(
        Pieces(event("flag", FLAG, "a"), half, httpx.ReadError("reset")),
        Pieces(event("flag", FLAG | {"lap": 9}, "b")),
    )

    found = await told(kind, server, 2)

    assert [news.lap for news in found if isinstance(news, FlagShown)] == [3, 9]
    assert server.asked[1].headers["Last-Event-ID"] == "a"


async def test_filters_are_sent(kind: str) -> None:
    server = Server(Pieces(event("flag", FLAG)))
    await told(kind, server, 1, min_p=0.4, drivers=["NOR", 81], events=["passed", "flag"])

    assert server.asked[0].url.params.multi_items() == [
        ("min_p", "0.4"),
        ("drivers", "NOR,81"),
        ("events", "passed"),
        ("events", "flag"),
        ("detail", "full"),
    ]


async def test_a_silent_stream_counts_as_broken(kind: str) -> None:
    server = Server(Pieces(event("flag", FLAG)))
    await told(kind, server, 1)

    assert server.asked[0].extensions["timeout"]["read"] == SILENT_S


async def test_it_gives_up_when_nothing_comes_again_and_again(kind: str) -> None:
    server = Server(*(httpx.ConnectError("refused") for _ in range(9)))
    with pytest.raises(UnreachableError, match="could not be reached"):
        await told(kind, server, 1)
    assert len(server.asked) == QUICK.attempts

    server = Server(*(Pieces(RETRY) for _ in range(9)))
    with pytest.raises(UnreachableError, match="ends again and again"):
        await told(kind, server, 1)
    assert len(server.asked) == QUICK.attempts

    server = Server(*(httpx.Response(503) for _ in range(9)))
    with pytest.raises(ServerFailedError):
        await told(kind, server, 1)
    assert len(server.asked) == QUICK.attempts


async def test_a_stream_that_told_something_in_between_has_not_failed(kind: str) -> None:
    broken = [
        Pieces(RETRY, event("flag", FLAG, str(number)), httpx.ReadError("reset"))
        for number in range(9)
    ]
    assert len(await told(kind, Server(*broken), 9)) == 9


async def test_a_refusal_ends_the_stream_at_once(kind: str) -> None:
    body = {"title": "T", "status": 422, "detail": "Name drivers by three letters."}
    media = {"Content-Type": "application/problem+json"}
    server = Server(httpx.Response(422, content=json.dumps(body), headers=media))

    with pytest.raises(InvalidRequestError, match="Name drivers by three letters"):
        await told(kind, server, 1, drivers="banana")
    assert len(server.asked) == 1


async def test_what_is_no_stream_or_no_event_is_named(kind: str) -> None:
    with pytest.raises(UnreadableAnswerError, match="is no stream of events"):
        await told(kind, Server(httpx.Response(200, text="<html>")), 1)
    with pytest.raises(UnreadableAnswerError, match="/live-battles/stream is not what"):
        await told(kind, Server(Pieces(event("flag", {"lap": "x"}))), 1)
