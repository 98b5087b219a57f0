"""Test that an answer about a frame is given again, to each request the right one."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from pitwall.api.protection import kept_answers
from pitwall.api.protection.kept_answers import MOST_ANSWERS, KeptAnswers
from pitwall.api.protection.stack import Protection
from pitwall.domain.frames import LiveFrame
from pitwall.live.event_ring import moment_id
from tests.api.conftest import HOST, Clients, House
from tests.live.frames import a_frame, later


class Route:
    """A route that counts how often it is asked, and names a frame and the query in its answer."""

    def __init__(self, frame: LiveFrame) -> None:
        self.frame = frame
        self.status = 200
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        self.asked.append(f"{scope['method']} {scope['path']}?{query}")
        etag = f'W/"{moment_id(self.frame)}-{query}"'.encode()
        body = f"{self.frame.sequence} {query}".encode()
        headers = [(b"etag", etag), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Asker:
    """Asks an app, and returns status, headers and body."""

    def __init__(self, app: KeptAnswers) -> None:
        self._app = app

    async def ask(
        self, query: str = "", *, method: str = "GET", path: str = "/live-battles", known: str = ""
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        messages: list[Message] = []

        async def send(message: Message) -> None:
            messages.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        scope: dict[str, Any] = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(),
            "headers": [(b"if-none-match", known.encode())] if known else [],
        }  # fmt: skip
        await self._app(scope, receive, send)
        start, body = messages
        return start["status"], dict(start["headers"]), body.get("body", b"")


async def shown(house: House) -> tuple[Route, Asker]:
    frame = a_frame()
    await house.live.publish(frame)
    route = Route(frame)
    return route, Asker(KeptAnswers(route))


async def test_an_answer_is_given_again_until_there_is_another_frame(house: House) -> None:
    route, asker = await shown(house)
    first = await asker.ask()
    assert await asker.ask() == first
    assert len(route.asked) == 1
    route.frame = later(route.frame)
    await house.live.publish(route.frame)
    assert (await asker.ask())[2] == b"2 "
    assert len(route.asked) == 2


async def test_each_query_and_path_has_its_own_answer(house: House) -> None:
    route, asker = await shown(house)
    for _ in range(2):
        assert (await asker.ask("min_p=0.5"))[2] == b"1 min_p=0.5"
        assert (await asker.ask("min_p=0.6"))[2] == b"1 min_p=0.6"
        await asker.ask(path="/live")
    assert len(route.asked) == 3


async def test_a_reader_that_knows_the_answer_is_told_so(house: House) -> None:
    _, asker = await shown(house)
    _, headers, _ = await asker.ask()
    etag = headers[b"etag"].decode()
    status, headers, body = await asker.ask(known=etag)
    assert (status, body) == (304, b"")
    assert headers == {b"etag": etag.encode()}
    assert (await asker.ask(known='"another"'))[0] == 200


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/live-battles"), ("GET", "/health")])
async def test_everything_else_reaches_its_route(house: House, method: str, path: str) -> None:
    route, asker = await shown(house)
    for _ in range(2):
        await asker.ask(method=method, path=path)
    assert len(route.asked) == 2


async def test_a_refusal_is_not_kept(house: House) -> None:
    route, asker = await shown(house)
    route.status = 422
    for _ in range(2):
        assert (await asker.ask("min_p=2"))[0] == 422
    assert len(route.asked) == 2


async def test_an_answer_about_another_frame_is_not_kept(house: House) -> None:
    route, asker = await shown(house)
    route.frame = later(route.frame)  # published while the request was on its way
    for _ in range(2):
        assert (await asker.ask())[2] == b"2 "
    assert len(route.asked) == 2


async def test_nothing_is_kept_before_the_first_frame(house: House) -> None:
    route = Route(a_frame())
    asker = Asker(KeptAnswers(route))
    for _ in range(2):
        await asker.ask()
    assert len(route.asked) == 2


async def test_few_answers_are_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    route, asker = await shown(house)
    for _ in range(2):
        for number in range(MOST_ANSWERS + 1):
            await asker.ask(f"min_p=0.{number}")
    assert len(route.asked) == MOST_ANSWERS + 2
    monkeypatch.setattr(kept_answers, "_MOST_BYTES", 20)
    route.frame = later(route.frame)
    await house.live.publish(route.frame)
    route.asked.clear()
    for _ in range(2):
        for number in range(5):
            await asker.ask(f"min_p=0.{number}")
    assert len(route.asked) == 5 + 4


class TestBehindTheDoor:
    """Every request passes the protections, whether its answer is kept or not."""

    @pytest.fixture
    def protection(self) -> Protection:
        return Protection(
            cors_origins=frozenset({"https://friend.example"}), hosts=frozenset({"localhost"})
        )

    async def test_a_kept_answer_is_that_of_the_route(self, house: House, clients: Clients) -> None:
        await house.live.publish(a_frame())
        guest = await clients.guest()
        answers = [await guest.get("/live-battles?min_p=0.1") for _ in range(3)]
        assert len({answer.content for answer in answers}) == 1
        names = [answer.headers.pop("x-request-id") for answer in answers]
        assert len(set(names)) == 3
        assert answers[0].headers == answers[1].headers == answers[2].headers
        assert answers[2].headers["x-content-type-options"] == "nosniff"

    async def test_headers_for_one_visitor_are_not_given_to_another(
        self, house: House, clients: Clients
    ) -> None:
        await house.live.publish(a_frame())
        friend = await clients.guest(Origin="https://friend.example")
        other = await clients.guest(Origin=HOST)
        for _ in range(2):
            allowed = (await friend.get("/live")).headers
            assert allowed["access-control-allow-origin"] == "https://friend.example"
            assert "access-control-allow-origin" not in (await other.get("/live")).headers

    async def test_a_host_that_is_not_ours_is_refused(self, house: House, clients: Clients) -> None:
        await house.live.publish(a_frame())
        for host, status in (("localhost:8000", 200), ("evil.example", 421)):
            answer = await (await clients.guest(Host=host)).get("/live-battles")
            assert answer.status_code == status
