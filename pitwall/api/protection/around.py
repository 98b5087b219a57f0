"""The protections put together around an app."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import ASGIApp

from pitwall.api.protection.bodies import Bodies
from pitwall.api.protection.content_policy import content_policy
from pitwall.api.protection.crowds import AT_ONCE, Crowds
from pitwall.api.protection.failures import Failures
from pitwall.api.protection.hosts import Hosts
from pitwall.api.protection.limit_headers import RateLimitHeaders
from pitwall.api.protection.origins import Origins
from pitwall.api.protection.request_ids import RequestIds
from pitwall.api.protection.security_headers import SecurityHeaders
from pitwall.api.protection.visitors import Visitors


@dataclass(frozen=True, slots=True)
class Protection:
    """What the settings and the build say about it.

    Attributes:
        cors_origins: Other origins whose pages may ask.
        trusted_proxies: How many proxies stand in front.
        script_hashes: Of the scripts inside the built pages.
        hosts: Names under which the server answers; None is every one.
        at_once: How many requests and sockets one address may have open; 0 is no limit.
    """

    cors_origins: frozenset[str] = frozenset()
    trusted_proxies: int = 0
    script_hashes: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None
    at_once: int = AT_ONCE


def protected(app: ASGIApp, protection: Protection) -> ASGIApp:
    """Return the app with everything that stands around it."""
    app = Origins(Bodies(RateLimitHeaders(Failures(app))), protection.cors_origins)
    app = Crowds(Hosts(app, protection.hosts), protection.at_once)
    app = SecurityHeaders(app, content_policy(protection.script_hashes))
    return RequestIds(Visitors(app, protection.trusted_proxies))
