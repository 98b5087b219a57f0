"""Test that the environment is read, or refused with the name of the invalid setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitwall.app.environment import variable
from pitwall.app.settings import FeedKind, Settings, load, parse_feed
from pitwall.errors import SettingsError


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
        monkeypatch.delenv(f"{variable(name)}_FILE", raising=False)


def test_defaults_show_a_simulated_race_to_this_machine_only() -> None:
    settings = load()

    assert settings.feed_spec().kind is FeedKind.AUTO
    assert (settings.host, settings.port, settings.speed) == ("127.0.0.1", 8000, 1.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPEED", "0.4"),
        ("SPEED", "fast"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("START_LAP", "-1"),
        ("LOG", "LOUD"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"PITWALL_{name}", value)

    with pytest.raises(SettingsError, match=f"PITWALL_{name}: .*{value}"):
        load()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "live",
        "recording:",
        "timing:dir",
        "timing:#race",
        "simulated:x",
        "auto:1",
        "f1_live:1",
        "archive:2025",
        "archive:x/monza",
        "openf1:suzuka",
    ],
)
def test_a_feed_of_no_known_form_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="PITWALL_FEED must be"):
        parse_feed(text)


def test_paths_may_hold_colons_and_hashes() -> None:
    assert parse_feed("recording:C:/race").path == Path("C:/race")
    spec = parse_feed("timing:/odd#dir#2025-dutch-grand-prix-race")
    assert (spec.path, spec.race) == (Path("/odd#dir"), "2025-dutch-grand-prix-race")


def test_origins_that_may_ask_are_none_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().allowed_origins() == frozenset()
    monkeypatch.setenv("PITWALL_CORS_ORIGINS", "https://a.example, http://localhost:3000,")

    assert load().allowed_origins() == {"https://a.example", "http://localhost:3000"}


@pytest.mark.parametrize("text", ["*", "a.example", "https://a.example/", "ftp://a.example"])
def test_an_origin_of_no_known_form_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PITWALL_CORS_ORIGINS", text)

    with pytest.raises(SettingsError, match="PITWALL_CORS_ORIGINS takes"):
        load()


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("*", "*"),
        ("none", "'self'"),
        ("https://a.example, http://b:1", "'self' https://a.example http://b:1"),
    ],
)
def test_who_may_frame_embeds(monkeypatch: pytest.MonkeyPatch, text: str, policy: str) -> None:
    assert load().may_frame_embeds() == "*"
    monkeypatch.setenv("PITWALL_EMBED_ANCESTORS", text)

    assert load().may_frame_embeds() == policy


def test_the_public_address_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().public_address() == ""
    monkeypatch.setenv("PITWALL_PUBLIC_URL", "https://pitwall.example.org/")

    assert load().public_address() == "https://pitwall.example.org"


def test_a_race_of_the_archive_is_named_by_year_and_words() -> None:
    spec = parse_feed("archive:2025/sao paulo sprint")

    assert (spec.kind, spec.year, spec.race) == (FeedKind.ARCHIVE, 2025, "sao paulo sprint")


def test_the_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITWALL_F1TV_TOKEN", "very.secret.token")

    assert "secret" not in repr(load())
    assert load().f1tv_token.get_secret_value() == "very.secret.token"


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITWALL_F1_URL", "livetiming")

    with pytest.raises(SettingsError, match="PITWALL_F1_URL"):
        load()


def test_several_workers_need_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITWALL_WORKERS", "2")
    with pytest.raises(SettingsError, match=r"PITWALL_WORKERS is 2, .* PITWALL_REDIS_URL"):
        load()

    monkeypatch.setenv("PITWALL_REDIS_URL", "redis://localhost:6379/0")
    assert load().workers == 2


def test_a_password_in_a_bad_url_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITWALL_REDIS_URL", "http://:secret@localhost")

    with pytest.raises(SettingsError, match="PITWALL_REDIS_URL") as refused:
        load()

    assert "secret" not in str(refused.value)
    monkeypatch.setenv("PITWALL_REDIS_URL", "redis://:secret@localhost")
    assert "secret" not in repr(load())


def test_openf1_means_its_newest_session_or_one_by_its_key() -> None:
    assert parse_feed("openf1").race == parse_feed("openf1:latest").race == "latest"
    assert parse_feed("openf1:11253").race == "11253"
    assert parse_feed("openf1").kind is FeedKind.OPENF1
