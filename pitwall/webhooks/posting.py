"""Make one attempt to reach a receiver: by a connection to an address that was judged.

Redirects are not followed, proxies are not used, and of an answer little more than its status is
read.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpcore

from pitwall.domain.webhooks import Delivery, Webhook
from pitwall.webhooks.messages import HookRequest, request_for
from pitwall.webhooks.sender import Reply
from pitwall.webhooks.targets import Target, TargetError, Targets

CONNECTED_WITHIN_S: Final = 4.0
ANSWERED_WITHIN_S: Final = 10.0
"""For the whole attempt, from resolving the name to the status of the answer."""
_MOST_BODY: Final = 16_384  # read and thrown away, so that the receiver's log shows no broken pipe
_BODY_WITHIN_S: Final = 1.0
_LONGEST_ERROR: Final = 200
_GONE: Final = 410
_ASIDES: Final = re.compile(r"\[Errno -?\d+\]|\([^)]*\)")


class JudgedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a target, whatever its name leads to by now."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002  it was resolved before
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the interface's own
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers."""
        failure: Exception = httpcore.ConnectError("it has no address")
        for address in self._target.addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no webhook leads to a file."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await asyncio.sleep(seconds)


class Poster:
    """Makes attempts.

    Args:
        targets: Judges addresses of webhooks that are well.
        of_troubled: Judges addresses of the others, by threads of its own: name servers that do
            not answer must not hold up those that do.
        now: The wall clock.
        tls: Checks certificates. None for those that are generally trusted.
        answered_within_s: For one attempt.
    """

    def __init__(
        self,
        targets: Targets,
        of_troubled: Targets,
        now: Callable[[], datetime],
        tls: ssl.SSLContext | None = None,
        answered_within_s: float = ANSWERED_WITHIN_S,
    ) -> None:
        self._targets = targets
        self._of_troubled = of_troubled
        self._now = now
        self._tls = tls or httpcore.default_ssl_context()
        self._answered_within_s = answered_within_s

    async def __call__(self, hook: Webhook, delivery: Delivery, troubled: bool) -> Reply:
        """Make one attempt; whatever goes wrong is part of the reply."""
        began_s = time.monotonic()
        try:
            reply = await self._attempt(hook, delivery, troubled=troubled)
        except TimeoutError:
            reply = Reply(error=f"No answer within {self._answered_within_s:g} s.")
        except TargetError as error:
            reply = Reply(error=str(error)[:_LONGEST_ERROR])
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            reply = Reply(error=f"No connection: {_why(error)}.")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            reply = Reply(error=f"The connection broke off: {_why(error)}.")
        except (OSError, ValueError) as error:  # TLS, or what no library foresaw
            reply = Reply(error=f"No connection: {_why(error)}.")
        return replace(reply, took_s=time.monotonic() - began_s)

    async def _attempt(self, hook: Webhook, delivery: Delivery, *, troubled: bool) -> Reply:
        async with AsyncExitStack() as stack:
            # Until the status is known: then it counts, however slowly the rest comes.
            async with asyncio.timeout(self._answered_within_s):
                targets = self._of_troubled if troubled else self._targets
                target = await targets.find(hook.url)
                request = request_for(hook, delivery, self._now())
                connections = httpcore.AsyncConnectionPool(
                    self._tls,
                    max_connections=1,
                    max_keepalive_connections=0,
                    network_backend=JudgedBackend(target),
                )
                await stack.enter_async_context(connections)
                answer = await connections.handle_async_request(_as_sent(target, request))
                stack.push_async_callback(answer.aclose)
            with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
                async with asyncio.timeout(_BODY_WITHIN_S):
                    await _drain(answer)
            return _reply(answer, self._now())


def _as_sent(target: Target, request: HookRequest) -> httpcore.Request:
    limits = {"connect": CONNECTED_WITHIN_S, "pool": CONNECTED_WITHIN_S}
    headers: list[tuple[bytes | str, bytes | str]] = [
        ("host", _host(target)),
        ("content-length", str(len(request.body))),
        ("connection", "close"),
        *request.headers.items(),
    ]
    return httpcore.Request(
        "POST",
        request.url,
        headers=headers,
        content=request.body,
        extensions={"timeout": limits},
    )


async def _drain(answer: httpcore.Response) -> None:
    length = 0
    async for piece in answer.aiter_stream():
        length += len(piece)
        if length > _MOST_BODY:
            return


def _reply(answer: httpcore.Response, now: datetime) -> Reply:
    status = answer.status
    if 200 <= status < 300:
        return Reply(status)
    words = f"The receiver answered {status}."
    if 300 <= status < 400:
        words = f"The receiver answered {status}, a redirect; these are not followed."
    return Reply(status, words, _retry_after_s(answer, now), status == _GONE)


def _retry_after_s(answer: httpcore.Response, now: datetime) -> float | None:
    """Return the seconds of `Retry-After`, a number or a date; None where there is none."""
    values = {name.lower(): value for name, value in answer.headers}
    text = values.get(b"retry-after", b"").decode("latin-1").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (TypeError, ValueError):
            return None
    return seconds if 0 <= seconds < float("inf") else None


def _host(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    is_usual = target.port == (443 if target.url.startswith("https:") else 80)
    return host if is_usual else f"{host}:{target.port}"


def _why(error: Exception) -> str:
    """Return why, without numbers and addresses, and in one line."""
    text = _ASIDES.sub("", " ".join(str(error).split())).strip(" .")
    return text[: _LONGEST_ERROR // 2] or type(error).__name__
