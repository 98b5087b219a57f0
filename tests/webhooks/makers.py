"""Make webhooks, and frames in which something happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

from pitwall.domain.accounts import User
from pitwall.domain.battles import EndReason
from pitwall.domain.frames import EndedLine, LiveFrame
from pitwall.domain.race import DriverNumber
from pitwall.domain.webhooks import (
    Delivery,
    HookEvent,
    HookFilter,
    HookKind,
    Webhook,
)
from pitwall.store.accounts import SqlAccountStore
from pitwall.store.database import Database
from pitwall.store.webhooks import SqlWebhookStore
from pitwall.webhooks.service import new_secret
from tests.live.frames import a_frame, later

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
EVERYTHING = HookFilter(frozenset(HookEvent) - {HookEvent.TEST}, only_live=False)


def a_hook(user_id: UUID, url: str = "https://hooks.example.org/", **changes: object) -> Webhook:
    hook = Webhook(uuid4(), user_id, "light", url, HookKind.GENERIC, new_secret(), EVERYTHING, NOON)
    return replace(hook, **changes)  # type: ignore[arg-type]


def a_delivery(hook: Webhook, seconds: float = 0, **changes: object) -> Delivery:
    at = NOON + timedelta(seconds=seconds)
    body = '{"type": "passed", "data": {"race": "Dutch Grand Prix", "lap": 27, "source": "live"}}'
    delivery = Delivery(uuid4(), hook.id, HookEvent.PASSED, "A pass", body, at, at)
    return replace(delivery, **changes)  # type: ignore[arg-type]


async def a_user(database: Database, email: str = "ada@example.org") -> UUID:
    user = User(uuid4(), email, "$argon2id$v=19$made-up", False, NOON)
    await SqlAccountStore(database).add_user(user)
    return user.id


async def registered(database: Database, hook: Webhook) -> Webhook:
    assert await SqlWebhookStore(database).add(hook, most=1_000)
    return hook


@cache
def a_battle(source: str = "live") -> LiveFrame:
    """Return a frame with one battle."""
    return a_frame(source=source)


def the_pass(frame: LiveFrame, seconds: float = 0, p: float | None = 0.09) -> EndedLine:
    """Return a pass of the two cars of `a_battle`."""
    at = frame.header.as_of
    assert at is not None
    pair = DriverNumber(81), DriverNumber(4)
    return EndedLine(*pair, 1, EndReason.PASSED, at + timedelta(seconds=seconds), 3, p)


def passing(number: int, source: str = "live") -> list[LiveFrame]:
    """Return frames that follow each other, with one pass more in each but the first."""
    frame = replace(a_battle(source), battles=())
    frames = [frame]
    for place in range(number):
        told = (the_pass(frame, place + 1), *frames[-1].ended)
        frames.append(later(replace(frames[-1], ended=told[:50])))
    return frames
