"""Test what is said about an F1 TV token: how long it is good, when it ran out, why it is none."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import orjson
import pytest

from pitwall.__main__ import main
from pitwall.app.feed_runner import token_warning
from pitwall.app.settings import Settings
from pitwall.engine.clock import wall_now
from pitwall.errors import TokenError
from pitwall.feeds.f1_live.account import F1TvToken, read_claims

NOW = datetime(2026, 7, 5, 12, tzinfo=UTC)


def token_of(expires_at: datetime, **claims: object) -> str:
    told = {"exp": int(expires_at.timestamp()), **claims}
    body = base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.c2lnbmF0dXJl"


def test_a_token_warns_from_a_day_ahead_and_says_what_will_be_missing() -> None:
    token = F1TvToken(token_of(NOW + timedelta(days=3)))

    assert token.detail(NOW) == ""
    assert token.detail(NOW + timedelta(days=1, hours=23, minutes=59)) == ""
    said = token.detail(NOW + timedelta(days=2, hours=4))
    assert said.startswith("The F1 TV token runs out in 20 h 0 min, on 8 July 2026 at 12:00 UTC.")
    assert "car telemetry" in said


def test_a_token_that_ran_out_says_when_and_what_is_missing_since() -> None:
    token = F1TvToken(token_of(NOW))
    later = NOW + timedelta(hours=1)

    assert token.usable(later) == ""
    said = token.detail(later)
    assert said.startswith("The F1 TV token ran out on 5 July 2026 at 12:00 UTC. Since then car")


def test_a_connection_that_is_still_open_with_it_is_told_apart() -> None:
    token = F1TvToken(token_of(NOW))
    assert token.usable(NOW - timedelta(hours=1))
    token.accept()

    assert "the connection opened with it goes on" in token.detail(NOW + timedelta(minutes=1))


def test_a_refused_token_that_runs_out_says_that_it_ran_out() -> None:
    token = F1TvToken(token_of(NOW))
    token.refuse("401", NOW - timedelta(minutes=1))
    assert "refused" in token.detail(NOW)

    token.usable(NOW + timedelta(minutes=1))
    assert "ran out" in token.detail(NOW + timedelta(minutes=1))


def test_the_whole_cookie_is_taken_as_well() -> None:
    bare = token_of(NOW + timedelta(days=1))
    cookie = quote(orjson.dumps({"data": {"subscriptionToken": bare}}).decode())

    assert F1TvToken(cookie).usable(NOW) == bare


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", "has three parts with dots between, this has 1"),
        ("a..c", "three parts"),
        ("a.!!!!.c", "cannot be read"),
        ("a.bm9uc2Vuc2U.c", "cannot be read"),
        ("a.e30.c", "does not say when it runs out"),
        ("a.W10.c", "does not say when it runs out"),
    ],
)
def test_what_is_no_token_is_told(text: str, why: str) -> None:
    with pytest.raises(TokenError, match=why) as error:
        read_claims(text)
    assert "subscriptionToken" in str(error.value)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 1, "no F1 TV token is set"),
        ("nonsense", 1, "PITWALL_F1TV_TOKEN: an F1 TV token has three parts"),
        (token_of(wall_now() + timedelta(days=3)), 0, "is good until"),
        (token_of(wall_now() + timedelta(hours=3)), 0, "copy the new token before the next"),
        (token_of(wall_now() - timedelta(hours=3)), 1, "ran out on"),
        (token_of(wall_now() + timedelta(days=3), SubscriptionStatus="expired"), 1, "refuse it"),
    ],
    ids=["none", "nonsense", "good", "soon", "ran-out", "no-subscription"],
)
def test_the_command_says_how_long_it_is_good(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    code: int,
    said: str,
) -> None:
    monkeypatch.setenv("PITWALL_F1TV_TOKEN", text)

    assert main(["token", "check"]) == code

    out = capsys.readouterr()
    assert said in out.out + out.err
    assert not text or text not in out.out + out.err


def test_auto_warns_with_any_race_on_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITWALL_F1TV_TOKEN", token_of(wall_now() + timedelta(hours=3)))
    assert token_warning(Settings(feed="auto"))().startswith("The F1 TV token runs out in 2 h")
    assert token_warning(Settings(feed="simulated"))() == ""
