"""Test that a build works on every port, and that failed starts are explained."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from reflex_base.constants import Endpoint
from reflex_base.environment import environment

from pitwall.app.server import reflex_environment, why_not
from pitwall.web.shared.same_origin import SameOriginPlugin, relative_to_page

PAGE_ORIGIN = 'globalThis.location?.origin.replace(/^http/,"ws")'


def test_the_socket_address_follows_the_page(tmp_path: Path) -> None:
    script = tmp_path / "assets" / "env.js"
    script.parent.mkdir()
    script.write_text(f"x={{EVENT:`{Endpoint.EVENT.get_url()}`}}")

    SameOriginPlugin().post_build(static_dir=tmp_path)

    assert script.read_text() == f'x={{EVENT:{PAGE_ORIGIN}+"/_event"}}'


def test_a_build_without_the_address_is_refused(tmp_path: Path) -> None:
    (tmp_path / "env.js").write_text("x={}")

    with pytest.raises(RuntimeError, match="event socket"):
        SameOriginPlugin().post_build(static_dir=tmp_path)


def test_a_secure_address_stays_secure() -> None:
    script, count = relative_to_page("'wss://host/_event'", ["wss://host/_event"])

    assert (script, count) == (f'{PAGE_ORIGIN}+"/_event"', 1)


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said = why_not("127.0.0.1", port)

    assert said.startswith(f"cannot listen on 127.0.0.1:{port}: Address already in use")
    assert why_not("127.0.0.1", port) == ""


def test_reflex_reads_the_names_that_are_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in reflex_environment(tmp_path).items():
        monkeypatch.setenv(name, value)

    assert environment.REFLEX_WEB_WORKDIR.get() == tmp_path
    assert environment.REFLEX_SKIP_COMPILE.get() is True
    assert environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.get() is True
    assert environment.REFLEX_ENV_MODE.get().value == "prod"
