"""Test `/llms.txt`: its form, and that its links lead somewhere."""

from __future__ import annotations

import re

import pytest

from pitwall import __version__
from pitwall.api.app import build_api
from pitwall.pitwall import PAGES
from tests.api.conftest import Clients

OF_THE_API = {getattr(route, "path", "") for route in build_api().routes}
OF_PAGES = {route for route, *_ in PAGES}


async def text(clients: Clients) -> str:
    return (await (await clients.guest()).get("/llms.txt")).text


async def test_a_guest_reads_it_as_plain_text(clients: Clients) -> None:
    guest = await clients.guest()
    answer = await guest.get("/llms.txt")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (await guest.head("/llms.txt")).status_code == 200
    assert (await guest.post("/llms.txt")).status_code == 405


async def test_it_has_the_form_of_llmstxt(clients: Clients) -> None:
    lines = (await text(clients)).splitlines()

    assert [line for line in lines if line.startswith("# ")] == ["# Pitwall"]
    assert lines[2].startswith("> ")
    assert [line for line in lines if line.startswith("## ")] == [
        "## API",
        "## Terms",
        "## Optional",
    ]
    assert __version__ in "\n".join(lines)


async def test_every_link_leads_to_a_route_or_a_page(clients: Clients) -> None:
    targets = re.findall(r"\]\((/[^)]*)\)", await text(clients))

    assert len(targets) >= 10
    known = OF_THE_API | OF_PAGES | {"/v1/sessions"}
    assert [target for target in targets if target not in known] == []


@pytest.mark.parametrize("path", ["/live-battles", "/live", "/ledger", "/health", "/openapi.json"])
async def test_what_it_calls_open_is_open(clients: Clients, path: str) -> None:
    guest = await clients.guest()

    answer = await guest.get(path, headers={"Accept": "application/json"})

    assert answer.status_code not in {401, 403, 404}
