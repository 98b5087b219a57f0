"""Test that connections whose peers do not read, or have vanished, are bounded by the system."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from contextlib import suppress

import pytest

from pitwall.app import connection_bounds
from pitwall.app.connection_bounds import UNREAD_S, UNSENT_BYTES, bound_connections, bound_now

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="options of Linux")


def listening() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)
    return listener


def option(of: socket.socket, name: str) -> int:
    return of.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))


def taken(link: socket.socket) -> int:
    """Send until nothing more is taken; return how much was."""
    sent = 0
    with suppress(BlockingIOError):
        while sent < 4_000_000:
            sent += link.send(bytes(5_000))
    return sent


def test_accepted_connections_inherit_the_options() -> None:
    with listening() as listener, listening() as other:
        assert bound_now(listener.getsockname()[1]) == 1
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert option(accepted, "TCP_USER_TIMEOUT") == UNREAD_S * 1000
            assert option(accepted, "TCP_NOTSENT_LOWAT") == UNSENT_BYTES
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert option(other, "TCP_USER_TIMEOUT") == 0


def test_nothing_stays_open() -> None:
    with listening() as listener:
        port = listener.getsockname()[1]
        before = len(list(connection_bounds._FILES.iterdir()))
        for _ in range(3):
            bound_now(port)
        assert len(list(connection_bounds._FILES.iterdir())) == before


def test_little_waits_for_a_peer_that_does_not_read() -> None:
    with listening() as listener:
        bound_now(listener.getsockname()[1])
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(listener.getsockname())
            accepted, _ = listener.accept()
            with accepted:
                accepted.setblocking(False)
                assert taken(accepted) < 4 * UNSENT_BYTES


def test_a_connection_that_nobody_reads_is_ended_by_the_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connection_bounds._OPTIONS, "TCP_USER_TIMEOUT", 500)
    with listening() as listener:
        bound_now(listener.getsockname()[1])
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(listener.getsockname())
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(10)
                began_s = time.monotonic()
                with pytest.raises((TimeoutError, ConnectionError)):
                    accepted.sendall(bytes(20_000_000))
                assert time.monotonic() - began_s < 8


async def test_it_waits_until_the_server_listens() -> None:
    with listening() as first:
        port = first.getsockname()[1]
    waiting = asyncio.ensure_future(bound_connections(port))
    await asyncio.sleep(0.15)
    assert not waiting.done()
    with socket.create_server(("127.0.0.1", port)) as listener:
        await asyncio.wait_for(waiting, 5)
        assert option(listener, "TCP_USER_TIMEOUT") == UNREAD_S * 1000


async def test_it_gives_up_where_nobody_listens(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection_bounds, "_LOOK_FOR_S", 0.1)
    with listening() as once:
        port = once.getsockname()[1]
    await bound_connections(port)
    assert "connections are not bounded" in caplog.text
