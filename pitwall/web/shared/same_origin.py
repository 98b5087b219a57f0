"""Make a build work on any host and port, by taking the server's address from the page's own.

Reflex writes the server's absolute address into the bundle. This build step replaces those
strings with expressions on `window.location`, so that one build serves every port, and a page
behind a proxy calls the proxy.
"""

from __future__ import annotations

from pathlib import Path

import reflex as rx
from reflex_base.constants import Endpoint

_PLAIN = {"http": "http", "https": "http", "ws": "ws", "wss": "ws"}


class SameOriginPlugin(rx.plugins.Plugin):
    """Rewrites the addresses of the server in the built scripts."""

    def post_build(self, **context: Path) -> None:
        """Rewrite every script of the build.

        Raises:
            RuntimeError: The socket's address was not found: Reflex now writes it differently.
        """
        addresses = [endpoint.get_url() for endpoint in Endpoint]
        static_dir = context["static_dir"]
        found = 0
        for script in static_dir.rglob("*.js"):
            before = script.read_text(encoding="utf-8")
            after, count = relative_to_page(before, addresses)
            if count:
                script.write_text(after, encoding="utf-8")
                found += before.count(Endpoint.EVENT.get_url())
        if not found:
            message = "the build does not contain the address of the event socket"
            raise RuntimeError(message)


def relative_to_page(script: str, addresses: list[str]) -> tuple[str, int]:
    """Return the script with each quoted address made relative, and how many there were.

    >>> relative_to_page('{PING:"http://localhost:8000/ping"}', ["http://localhost:8000/ping"])
    ('{PING:globalThis.location?.origin.replace(/^http/,"http")+"/ping"}', 1)
    """
    replaced = 0
    for address in addresses:
        scheme, _, rest = address.partition("://")
        path = "/" + rest.partition("/")[2]
        origin = f'globalThis.location?.origin.replace(/^http/,"{_PLAIN[scheme]}")'
        for quote in "\"'`":
            replaced += script.count(f"{quote}{address}{quote}")
            script = script.replace(f"{quote}{address}{quote}", f'{origin}+"{path}"')
    return script, replaced
