"""Test what the client asks, repeats, remembers and refuses, without a server."""

from __future__ import annotations

import email.utils
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pitwall.client import (
    AsyncPitwall,
    ClientError,
    InvalidRequestError,
    LogInNeededError,
    NotAllowedError,
    NotOnServerError,
    Pitwall,
    ProblemError,
    Race,
    RateLimitedError,
    RetryPolicy,
    ServerFailedError,
    UnreachableError,
    UnreadableAnswerError,
)
from pitwall.client.asking import KnownAnswers
from pitwall.client.clients import usual_client

HEALTH = {
    "status": "ok", "detail": "", "source": "simulated", "feed": None, "feed_state": "flowing",
    "feed_detail": "", "race_on": True, "last_message_age_s": 0.5, "frame_age_s": 0.2,
    "sequence": 7, "malformed": 0, "added_by_a_newer_server": {"x": 1},
}  # fmt: skip
QUICK = RetryPolicy(attempts=3, first_wait_s=0.001, longest_wait_s=0.05)

Answer = httpx.Response | Exception
Call = Callable[[Any], Any]


class Server:
    """Answers as told, one answer after another, and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(params=["sync", "async"])
async def ask(request: pytest.FixtureRequest) -> AsyncIterator[Ask]:
    """Give what asks a server, by each client in turn."""
    async with AsyncExitStack() as stack:
        clients: dict[int, Any] = {}

        def client_of(server: Server, **how: Any) -> Any:
            settings: dict[str, Any] = {"retry": QUICK, "key": ""} | how
            transport = httpx.MockTransport(server)
            if request.param == "sync":
                return stack.enter_context(Pitwall("http://box", transport=transport, **settings))
            return AsyncPitwall("http://box", transport=transport, **settings)

        async def asking(server: Server, call: Call, **how: Any) -> Any:
            client = clients.setdefault(id(server), client_of(server, **how))
            if isinstance(client, AsyncPitwall):
                stack.push_async_callback(client.aclose)
            result = call(client)
            return await result if inspect.isawaitable(result) else result

        yield asking


def health(client: Any) -> Any:
    return client.health()


def good(status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=HEALTH, headers=headers)


def problem(status: int, detail: str = "It went wrong.", **headers: str) -> httpx.Response:
    body = {"title": "T", "status": status, "detail": detail, "instance": "/x", "request_id": "r1"}
    media = {"Content-Type": "application/problem+json"}
    return httpx.Response(status, content=json.dumps(body), headers=media | headers)


async def test_a_value_is_typed_and_fields_of_newer_servers_are_left_out(ask: Ask) -> None:
    found = await ask(Server(good()), health)

    assert (found.status, found.sequence, found.last_message_age_s) == ("ok", 7, 0.5)


async def test_a_dead_server_has_a_state_and_is_no_error(ask: Ask) -> None:
    answer = httpx.Response(503, json=HEALTH | {"status": "dead"})

    assert (await ask(Server(answer), health)).status == "dead"


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: problem(429, **{"Retry-After": "0"}),
        lambda: problem(503),
        lambda: httpx.Response(502, text="<html>of a proxy</html>"),
        lambda: httpx.ConnectError("refused"),
        lambda: httpx.ReadError("reset"),
        lambda: httpx.ReadTimeout("slow"),
    ],
    ids=["429", "503", "502", "refused", "reset", "slow"],
)
async def test_what_may_pass_is_tried_again(ask: Ask, trouble: Callable[[], Answer]) -> None:
    server = Server(trouble(), trouble(), httpx.Response(200, json=[]))

    assert await ask(server, lambda client: client.features()) == []
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (lambda: problem(429, "Too many requests."), RateLimitedError),
        (lambda: problem(503, "No frame has been published yet."), ServerFailedError),
        (lambda: httpx.ConnectError("refused"), UnreachableError),
    ],
)
async def test_it_gives_up_after_so_many_attempts(
    ask: Ask, trouble: Callable[[], Answer], error: type[ClientError]
) -> None:
    server = Server(*(trouble() for _ in range(9)))

    with pytest.raises(error):
        await ask(server, lambda client: client.features())
    assert len(server.asked) == QUICK.attempts


@pytest.mark.parametrize("asked_for", ["300", "date"])
async def test_it_does_not_wait_longer_than_it_was_allowed(ask: Ask, asked_for: str) -> None:
    later = email.utils.format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    server = Server(problem(429, **{"Retry-After": later if asked_for == "date" else asked_for}))

    with pytest.raises(RateLimitedError) as refused:
        await ask(server, lambda client: client.features())
    assert refused.value.retry_after_s == pytest.approx(300, abs=5)
    assert len(server.asked) == 1


async def test_what_changes_something_is_sent_once(ask: Ask) -> None:
    server = Server(httpx.ReadError("reset"))

    with pytest.raises(UnreachableError, match="http://box/auth/login could not be reached"):
        await ask(server, lambda client: client.log_in("ada@example.org", "secret"))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, InvalidRequestError), (401, LogInNeededError), (403, NotAllowedError),
        (404, NotOnServerError), (413, InvalidRequestError), (418, ProblemError),
        (422, InvalidRequestError), (500, ServerFailedError),
    ],
)  # fmt: skip
async def test_a_refusal_is_an_error_of_its_kind_with_the_servers_sentence(
    ask: Ask, status: int, error: type[ProblemError]
) -> None:
    server = Server(problem(status, "No race 'x' is stored here."))

    with pytest.raises(error, match=r"^No race 'x' is stored here\.$") as refused:
        await ask(server, lambda client: client.features(), retry=RetryPolicy(attempts=1))
    assert refused.value.status == status
    assert refused.value.problem.request_id == "r1"
    assert len(server.asked) == 1


async def test_a_refused_parameter_is_named(ask: Ask) -> None:
    invalid = [{"name": "query.min_p", "reason": "Input should be less than or equal to 1"}]
    answer = httpx.Response(
        422,
        content=json.dumps({"title": "T", "status": 422, "detail": "D.", "invalid": invalid}),
        headers={"Content-Type": "application/problem+json"},
    )

    with pytest.raises(InvalidRequestError) as refused:
        await ask(Server(answer), lambda client: client.live_battles(min_p=2.0))
    assert [each.name for each in refused.value.problem.invalid or ()] == ["query.min_p"]


async def test_a_redirect_is_named_and_the_key_is_not_sent_there(ask: Ask) -> None:
    server = Server(httpx.Response(308, headers={"Location": "https://elsewhere/health"}))

    with pytest.raises(ProblemError, match="sends the client to https://elsewhere/health"):
        await ask(server, health, key="pw_secret")
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", ["", "<html>", '{"status": 3}', "[]"])
async def test_an_answer_of_another_form_is_named(ask: Ask, body: str) -> None:
    with pytest.raises(UnreadableAnswerError, match=r"^The answer of /health is not what"):
        await ask(Server(httpx.Response(200, text=body)), health)


async def test_an_answer_that_has_not_changed_is_not_sent_again(ask: Ask) -> None:
    server = Server(good(ETag='"a"'), httpx.Response(304, headers={"ETag": '"a"'}), good())

    first, second, other = [await ask(server, health) for _ in range(3)]

    assert first == second == other
    tags = [request.headers.get("If-None-Match") for request in server.asked]
    assert tags == [None, '"a"', '"a"']


async def test_another_question_does_not_get_a_known_answer(ask: Ask) -> None:
    server = Server(good(ETag='"a"'), httpx.Response(200, json=[]))
    await ask(server, health)
    await ask(server, lambda client: client.features())

    assert "If-None-Match" not in server.asked[1].headers


async def test_another_account_does_not_get_a_known_answer(ask: Ask) -> None:
    account = httpx.Response(200, json={"user_id": "u", "email": "e", "role": "user"})
    server = Server(good(ETag='"a"'), account, good())
    await ask(server, health)
    await ask(server, lambda client: client.log_in("ada@example.org", "secret"))
    await ask(server, health)

    assert "If-None-Match" not in server.asked[2].headers


def test_known_answers_are_bounded_in_number_and_size() -> None:
    known = KnownAnswers()
    for number in range(200):
        known.newest(str(number), httpx.Response(200, headers={"ETag": f'"{number}"'}))
    assert known.tag_of("0") is None
    assert known.tag_of("199") == '"199"'

    large = httpx.Response(200, headers={"ETag": '"l"'}, content=bytes(40 * 1024 * 1024))
    known.newest("large", large)
    known.newest("larger", large)
    assert known.tag_of("large") is None
    assert known.tag_of("larger") == '"l"'


async def test_races_are_read_page_by_page(ask: Ask) -> None:
    race = {
        "race_id": "a", "name": "A", "kind": "Race", "session_type": "race", "year": 2026,
        "circuit_id": None, "circuit": None, "starts_at": "2026-08-23T13:00:00Z", "first_at": None,
        "last_at": None, "source": "live", "state": "finished", "laps": 3, "total_laps": None,
        "messages": 9, "model_version": "",
    }  # fmt: skip
    server = Server(
        httpx.Response(200, json={"races": [race], "next_cursor": "next"}),
        httpx.Response(200, json={"races": [race | {"race_id": "b"}], "next_cursor": None}),
    )

    found = await ask(server, lambda client: client.races(year=2026))

    assert [each.race_id for each in found] == ["a", "b"]
    assert found[0].starts_at == datetime(2026, 8, 23, 13, tzinfo=UTC)
    assert dict(server.asked[1].url.params) == {"year": "2026", "limit": "200", "cursor": "next"}


async def test_a_key_is_sent_and_the_client_says_what_it_is(ask: Ask) -> None:
    server = Server(good())
    await ask(server, health, key="pw_1")

    assert server.asked[0].headers["Authorization"] == "Bearer pw_1"
    assert server.asked[0].headers["User-Agent"].startswith("pitwall-client/")


async def test_a_request_that_is_no_get_says_where_it_comes_from(ask: Ask) -> None:
    account = httpx.Response(200, json={"user_id": "u", "email": "e", "role": "user"})
    server = Server(account, good())
    await ask(server, lambda client: client.log_in("ada@example.org", "secret"))
    await ask(server, health)

    assert [request.headers.get("Origin") for request in server.asked] == ["http://box", None]


async def test_openf1_filters_arrive_as_they_are_written(ask: Ask) -> None:
    server = Server(httpx.Response(200, json=[{"lap_number": 1}, {"lap_number": 2, "pit": True}]))

    rows = await ask(
        server,
        lambda client: client.openf1("laps", "session_key=latest", "date>=2026-08-23T13:05:00"),
    )

    query = server.asked[0].url.query.decode()
    assert query == "session_key=latest&date%3E=2026-08-23T13:05:00"
    assert rows.to_dict(as_series=False) == {"lap_number": [1, 2], "pit": [None, True]}


def test_the_environment_says_where_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    usual_client.cache_clear()
    monkeypatch.setenv("PITWALL_URL", "https://pitwall.example.org/")
    monkeypatch.setenv("PITWALL_KEY", "pw_2")
    race = Race("2025-dutch-grand-prix-race")

    assert repr(race._client) == "Pitwall('https://pitwall.example.org')"
    assert race._client._http.headers["Authorization"] == "Bearer pw_2"
    assert Race("another")._client is race._client
    race._client.close()
    usual_client.cache_clear()


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://box", "http://", "http://box/?a=1"])
def test_what_is_no_address_is_refused_at_once(address: str) -> None:
    with pytest.raises(ClientError, match="is no address of a server"):
        Pitwall(address)


def test_both_clients_offer_the_same_calls() -> None:
    for one, other in ((Pitwall, AsyncPitwall), (Race, type(AsyncPitwall("http://x").race("r")))):
        calls = {name: inspect.signature(each) for name, each in _calls_of(one).items()}
        others = {name: inspect.signature(each) for name, each in _calls_of(other).items()}
        assert calls.keys() == others.keys()
        for name, signature in calls.items():
            assert list(signature.parameters) == list(others[name].parameters), name


def _calls_of(kind: type) -> dict[str, Any]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {name: each for name, each in found if not name.startswith("_") and "close" not in name}
