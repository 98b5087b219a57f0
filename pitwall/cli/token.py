"""`pitwall token check`: say how long the F1 TV token is still good."""

from __future__ import annotations

import click

from pitwall.app.settings import load
from pitwall.domain.countdown import countdown
from pitwall.engine.clock import wall_now
from pitwall.errors import TokenError
from pitwall.feeds.f1_live.account import MISSING, WARNED_BEFORE, read_claims, token_in


@click.group()
def command() -> None:
    """Check the F1 TV token, which car telemetry needs; battles do without."""


@command.command()
def check() -> int:
    """Say until when PITWALL_F1TV_TOKEN is good; the exit code is 1 when it is not."""
    text = load().f1tv_token.get_secret_value()
    if not text.strip():
        message = "no F1 TV token is set; set PITWALL_F1TV_TOKEN, or PITWALL_F1TV_TOKEN_FILE"
        raise TokenError(message)
    try:
        claims = read_claims(token_in(text))
    except TokenError as error:
        raise TokenError(f"PITWALL_F1TV_TOKEN: {error}") from None
    now = wall_now()
    when = f"{claims.expires_at:%d %B %Y at %H:%M} UTC".lstrip("0")
    if now >= claims.expires_at:
        print(f"The F1 TV token ran out on {when}, {countdown(now - claims.expires_at)} ago.")
        print(f"{MISSING} Log in to F1 TV again and copy the new token.")
        return 1
    print(f"The F1 TV token is good until {when}, for {countdown(claims.expires_at - now)} more.")
    if claims.status and claims.status != "active":
        print(f"But its subscription is {claims.status!a}, so F1 will refuse it.")
        return 1
    if claims.expires_at - now < WARNED_BEFORE:
        print("Log in to F1 TV again and copy the new token before the next session.")
    return 0
