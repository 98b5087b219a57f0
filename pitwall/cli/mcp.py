"""`pitwall mcp`: offer a running pitwall to a language model."""

from __future__ import annotations

import importlib.util
import os
from urllib.parse import urlsplit

import click

from pitwall.cli.coroutines import waiting
from pitwall.errors import SettingsError

_ADDRESS = "http://127.0.0.1:8000"
_SDK = "mcp"


@click.command(
    epilog="""
    \b
    Examples:
      pitwall mcp                                     over stdin and stdout, as assistants start it
      pitwall mcp --url https://pitwall.example.org
      pitwall mcp --http 8765                         at http://127.0.0.1:8765/mcp

    The API key is read from PITWALL_KEY, so that no list of processes shows it. Without one, only
    the live battles and the ledger can be read.
    """
)
@click.option(
    "--url",
    metavar="URL",
    help=f"The address of pitwall. Default: PITWALL_URL, or {_ADDRESS}.",
)
@click.option(
    "--http",
    "port",
    metavar="PORT",
    type=click.IntRange(1, 65535),
    help="Listen on this port of this machine, in place of stdin and stdout.",
)
@waiting
async def command(url: str | None, port: int | None) -> int:
    """Serve the tools of the Model Context Protocol (MCP), until the client is gone.

    Live battles, stored races, forecasts, what-ifs and the ledger, asked of a running pitwall by
    its API, whose limits apply.
    """
    address = _checked(url or os.environ.get("PITWALL_URL") or _ADDRESS)
    if importlib.util.find_spec(_SDK) is None:
        message = "`pitwall mcp` needs the MCP SDK, which is not installed: install pitwall[mcp]"
        raise SettingsError(message)
    from pitwall.mcp_server.rest_api import RestApi
    from pitwall.mcp_server.tools import build_server

    async with RestApi(address, os.environ.get("PITWALL_KEY", "").strip()) as api:
        server = build_server(api)
        if port is None:
            await server.run_stdio_async()
        else:
            click.echo(f"Listening at http://127.0.0.1:{port}/mcp", err=True)
            await server.run_streamable_http_async(host="127.0.0.1", port=port)
    return 0


def _checked(address: str) -> str:
    """Return the address of a server without a slash at its end.

    Raises:
        SettingsError: It is none. It is not repeated, since it may hold a password.
    """
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or not address.isprintable() or " " in address:
        message = "the address of pitwall must be http://HOST[:PORT] or https://…: see --url"
        raise SettingsError(message)
    return address.rstrip("/")
