"""Test what the account page says of a webhook."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from pitwall.domain.webhooks import (
    DeliveryState,
    DriverRole,
    HookEvent,
    HookFilter,
    HookHealth,
    HookKind,
)
from pitwall.web.shared.hook_rows import hook_row
from tests.webhooks.makers import NOON, a_delivery, a_hook

WANTED = HookFilter(frozenset({HookEvent.CHANCE_ABOVE, HookEvent.PASSED, HookEvent.FLAG}))
AT = "2026-03-01 12:00 UTC"


def test_a_row_says_what_is_told_and_shows_no_address() -> None:
    hook = a_hook(uuid4(), "https://discord.com/api/webhooks/1/secret", kind=HookKind.DISCORD)
    row = hook_row(replace(hook, wanted=WANTED, name=""), {}, [])
    assert (row.name, row.host, row.kind) == ("discord.com", "discord.com", "Discord")
    assert row.wants == ["Chances from 40 %", "Passes", "Flags"]
    assert row.state == "Nothing sent yet"
    assert "secret" not in str(row)
    assert (row.is_well, row.is_paused, row.is_signed, row.dead) == (True, False, False, "")


def test_filters_are_words() -> None:
    narrow = replace(
        WANTED,
        p_above=0.255,
        pass_below=0.1,
        drivers=("NOR", "81"),
        role=DriverRole.ATTACKER,
        only_live=False,
    )
    row = hook_row(a_hook(uuid4(), wanted=narrow), {}, [])
    assert row.wants == [
        "Chances from 25.5 %",
        "Passes given under 10 %",
        "Flags",
        "Only attacks by NOR, 81",
        "Also recorded and simulated races",
    ]


def test_a_row_says_how_the_receiver_is() -> None:
    hook = a_hook(uuid4(), sent=7, health=HookHealth(2, NOON, NOON, "No.", NOON))
    letter = a_delivery(hook, state=DeliveryState.DEAD, error="No.")
    counts = {DeliveryState.DEAD: 1, DeliveryState.WAITING: 3}
    failing = hook_row(hook, counts, [letter])
    assert (failing.state, failing.error, failing.is_well) == (f"Failing since {AT}", "No.", False)
    assert (failing.counts, failing.dead) == ("7 sent · 3 waiting · 1 given up", "1")
    assert failing.letters[0].hook_id == str(hook.id)
    assert (failing.letters[0].at, failing.letters[0].error) == (AT, "No.")
    well = replace(hook, health=HookHealth(last_sent_at=NOON))
    assert hook_row(well, {}, []).state == f"Last sent {AT}"
    paused = replace(well, paused_at=NOON)
    assert hook_row(paused, {}, []).state == f"Paused since {AT}"
    by_itself = replace(paused, pause_reason="It failed.")
    assert hook_row(by_itself, {}, []).state == f"Paused since {AT}: It failed."
