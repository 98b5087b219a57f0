"""Make the request that tells a receiver, in the form of its kind, and sign it.

Signatures are those of Standard Webhooks (https://www.standardwebhooks.com), made by its own
library.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from standardwebhooks import Webhook as Signer

from pitwall import __version__
from pitwall.domain.webhooks import Delivery, HookEvent, HookKind, Webhook

_USER_AGENT: Final = f"pitwall/{__version__} (webhooks)"
_NTFY_PRIORITY: Final = {HookEvent.PASSED: 4, HookEvent.CHANCE_ABOVE: 4}
_NTFY_TAG: Final = {
    HookEvent.CHANCE_ABOVE: "eyes",
    HookEvent.BATTLE_OPENED: "crossed_swords",
    HookEvent.BATTLE_ENDED: "checkered_flag",
    HookEvent.PASSED: "racing_car",
    HookEvent.FLAG: "triangular_flag_on_post",
    HookEvent.TEST: "wrench",
}


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A POST that tells a receiver.

    Attributes:
        url: Where to send it: of ntfy the server, as the topic is in the body.
        headers: Names in lower case.
        body: UTF-8.
    """

    url: str
    headers: dict[str, str]
    body: bytes


def request_for(hook: Webhook, delivery: Delivery, now: datetime) -> HookRequest:
    """Return the request of one attempt; its signature is of this second."""
    url, text = hook.url, delivery.body
    if hook.kind is HookKind.NTFY:
        url, text = _ntfy(hook.url, delivery)
    elif hook.kind is HookKind.DISCORD:
        text = _discord(delivery)
    stamp = now.replace(microsecond=0)
    headers = {
        "content-type": "application/json",
        "user-agent": _USER_AGENT,
        "webhook-id": str(delivery.id),
        "webhook-timestamp": str(int(stamp.timestamp())),
        "webhook-signature": Signer(hook.secret).sign(str(delivery.id), stamp, text),
    }
    return HookRequest(url, headers, text.encode())


def _ntfy(url: str, delivery: Delivery) -> tuple[str, str]:
    """Return the address and body of a message published as JSON, which may have any letters."""
    parts = urlsplit(url)
    message = {
        "topic": parts.path.strip("/"),
        "title": _title(delivery),
        "message": delivery.words,
        "priority": _NTFY_PRIORITY.get(delivery.event, 3),
        "tags": [_NTFY_TAG[delivery.event]],
    }
    server = urlunsplit((parts.scheme, parts.netloc, "/", parts.query, ""))
    return server, json.dumps(message, ensure_ascii=False)


def _discord(delivery: Delivery) -> str:
    message = {
        "username": "pitwall",
        "content": f"**{_title(delivery)}**\n{delivery.words}",
        "allowed_mentions": {"parse": []},  # a driver called @everyone wakes nobody
    }
    return json.dumps(message, ensure_ascii=False)


def _title(delivery: Delivery) -> str:
    """Return race and lap as a short line, as far as they are known."""
    data: dict[str, Any] = json.loads(delivery.body).get("data", {})
    parts = [str(data.get("race") or "pitwall")]
    if data.get("lap") is not None:
        parts.append(f"lap {data['lap']}")
    if data.get("source") not in {None, "live"}:
        parts.append(str(data["source"]))
    return ", ".join(parts)
