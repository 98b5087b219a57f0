"""Read the environment variables `PITWALL_*` into one typed, validated, frozen object."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pitwall.app.environment import (
    PREFIX,
    SECRETS,
    check_address,
    check_database,
    check_file,
    check_folder,
    check_host,
    check_mqtt,
    check_redis,
    check_topic,
    secrets_in_files,
    unknown_variables,
    variable,
    with_password,
)
from pitwall.errors import SettingsError, shown
from pitwall.places import data_folder
from pitwall.webhooks.targets import Network, read_networks

_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")
_MAY_BE_EMPTY = {
    "cors_origins",
    "public_url",
    "f1tv_token",
    "openf1_mqtt",
    "openf1_user",
    "openf1_password",
    "mqtt_discovery",
    "webhooks_allow",
}
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
_TOKEN_CHARACTERS = 8_000  # servers refuse longer headers
_YEAR = re.compile(r"[0-9]{4}")

WORKERS_FOLDER = "PITWALL_INTERNAL_WORKERS_FOLDER"
"""The variable in which `serve` names the folder its workers share; not a setting."""

STARTED_IN = "PITWALL_INTERNAL_STARTED_IN"
"""The variable in which `serve` names the folder from which the paths in settings lead."""


class FeedKind(StrEnum):
    """The kind of feed that plays."""

    AUTO = "auto"
    SIMULATED = "simulated"
    RECORDING = "recording"
    TIMING = "timing"
    F1_LIVE = "f1_live"
    ARCHIVE = "archive"
    OPENF1 = "openf1"


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """The parsed value of `PITWALL_FEED`.

    Attributes:
        kind: Which feed.
        path: The file or folder it reads; None for feeds without files.
        race: The race inside a timing archive, the words that name a race of F1's archive, or
            OpenF1's session: its key, or `latest`.
        year: The season of a race in F1's archive; 0 for other feeds.
        seed: The seed of the simulation.
    """

    kind: FeedKind
    path: Path | None = None
    race: str = ""
    seed: int = 1
    year: int = 0


class Settings(BaseSettings):
    """All settings; each is an environment variable with the prefix `PITWALL_`.

    Secrets may be read from files instead: `PITWALL_F1TV_TOKEN_FILE` names such a file.

    Attributes:
        feed: `auto`, `simulated[:SEED]`, `recording:PATH`, `timing:PATH#RACE`, `f1_live`,
            `archive:YEAR/RACE` or `openf1[:SESSION_KEY]`.
        speed: How fast a recorded race plays, as a multiple of real time, 0.5 to 60.
        start_lap: The leader's lap at which a recorded race begins: 1 is lights out, 0 the
            first message. None lets the feed choose.
        host, port: The address on which the server listens.
        model: The folder of a model to use instead of the shipped one.
        data: The folder in which pitwall keeps what it writes.
        database_url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; None is a
            SQLite file in the data folder.
        database_password: The password for `database_url`, where that has none.
        cors_origins: Other web sites whose pages may call the API, such as
            `https://example.org`; separate several with commas.
        trusted_proxies: How many proxies in front of the server report the client's address.
        hosts: Host names of the server, such as `pitwall.example.org`; separate several with
            commas. Its addresses and localhost need not be listed.
        at_once: How many requests and sockets one address (for IPv6 one /64 network) may have
            open at once; this machine itself is not limited. 0 is no limit.
        embed_ancestors: The sites that may show an embed in a frame: `*` for all, `none`, or
            origins such as `https://example.org`, separated by commas; this server always may.
        public_url: The address under which others reach the server, for link previews, such as
            `https://pitwall.example.org`; "" for that of each request.
        plain_http: Whether passwords are accepted over plain HTTP from this machine only
            (`local`), or from everywhere (`allowed`).
        f1_url: The server of F1 live timing and its archive.
        f1tv_token: The token of an F1 TV account, for car telemetry; "" does without.
        openf1_url, openf1_mqtt: OpenF1's REST and MQTT servers; without MQTT, REST is polled.
        openf1_user, openf1_password: The log-in of an OpenF1 account; "" does without.
        record: Whether to record what a live feed sends in the data folder.
        circuit_info: Where descriptions of circuits come from, besides the files in the data
            folder: `fastf1` is MultiViewer, asked through FastF1; `folder` is nowhere else.
        redis_url: `redis://…`, `rediss://…` or `unix://…`; None keeps the live cache in memory.
        redis_password: The password for `redis_url`, where that has none.
        mqtt_url: `mqtt://[USER:PASSWORD@]HOST[:PORT]` or `mqtts://…`: the broker on which the race
            is published for home automation; None publishes nothing.
        mqtt_password: The password for `mqtt_url`, where that has none.
        mqtt_prefix: Begins the topics of what is published, and names the device; servers that
            share a broker need one each.
        mqtt_discovery: Begins the topics on which Home Assistant looks for devices; "" describes
            none.
        mqtt_ca: A file of certificates to trust in place of the system's, for `mqtts`.
        webhooks_allow: Networks that are not public but may be sent webhooks, such as
            `192.168.0.0/16`; separate several with commas. Public addresses always may.
        workers: How many processes serve; more than one needs Redis.
        log: The lowest level that is logged.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    feed: str = "auto"
    speed: Annotated[float, Field(ge=0.5, le=60, allow_inf_nan=False)] = 1.0
    start_lap: Annotated[int | None, Field(ge=0, le=100)] = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    model: Path | None = None
    data: Path = Field(default_factory=data_folder)
    database_url: Annotated[str | None, Field(repr=False)] = None
    database_password: SecretStr = SecretStr("")
    cors_origins: str = ""
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    hosts: str = ""
    at_once: Annotated[int, Field(ge=0, le=1_000_000)] = 256
    embed_ancestors: str = "*"
    public_url: str = ""
    plain_http: Literal["local", "allowed"] = "local"
    f1_url: str = "https://livetiming.formula1.com"
    f1tv_token: SecretStr = SecretStr("")
    openf1_url: str = "https://api.openf1.org"
    openf1_mqtt: str = "mqtts://mqtt.openf1.org:8883"
    openf1_user: str = ""
    openf1_password: SecretStr = SecretStr("")
    record: bool = True
    circuit_info: Literal["fastf1", "folder"] = "fastf1"
    redis_url: Annotated[str | None, Field(repr=False)] = None
    redis_password: SecretStr = SecretStr("")
    mqtt_url: Annotated[str | None, Field(repr=False)] = None
    mqtt_password: SecretStr = SecretStr("")
    mqtt_prefix: str = "pitwall"
    mqtt_discovery: str = "homeassistant"
    mqtt_ca: Path | None = None
    webhooks_allow: str = ""
    workers: Annotated[int, Field(ge=1, le=32)] = 1
    log: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    def allowed_origins(self) -> frozenset[str]:
        """Return the origins that may call the API.

        Raises:
            SettingsError: One of them is not an origin: a scheme and a host, without a path.
        """
        origins = frozenset(part.strip() for part in self.cors_origins.split(",") if part.strip())
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                message = f"PITWALL_CORS_ORIGINS takes https://HOST[:PORT], but has {shown(origin)}"
                raise SettingsError(message)
            check_address("cors_origins", origin, ("http", "https"), "https://HOST[:PORT]")
        return origins

    def may_frame_embeds(self) -> str:
        """Return who may frame an embed, as the directive `frame-ancestors` says it.

        Raises:
            SettingsError: A part is neither `*`, `none` nor an origin.
        """
        named = [part.strip() for part in self.embed_ancestors.split(",") if part.strip()]
        if named in (["*"], ["none"]):
            return "*" if named == ["*"] else "'self'"
        for origin in named or [self.embed_ancestors]:
            if not _ORIGIN.fullmatch(origin):
                message = (
                    "PITWALL_EMBED_ANCESTORS takes *, none or https://HOST[:PORT], separated by "
                    f"commas, but has {shown(origin)}"
                )
                raise SettingsError(message)
            check_address("embed_ancestors", origin, ("http", "https"), "https://HOST[:PORT]")
        return " ".join(["'self'", *named])

    def public_address(self) -> str:
        """Return the address under which others reach the server, without a slash at its end.

        Raises:
            SettingsError: It is not an origin.
        """
        if not self.public_url:
            return ""
        address = self.public_url.removesuffix("/")
        if not _ORIGIN.fullmatch(address):
            message = f"PITWALL_PUBLIC_URL takes https://HOST[:PORT], but is {shown(address)}"
            raise SettingsError(message)
        check_address("public_url", address, ("http", "https"), "https://HOST[:PORT]")
        return address

    def own_hosts(self) -> tuple[str, ...]:
        """Return the names under which the server is reached, as they were given.

        Raises:
            SettingsError: One of them is no name of a host, or there is none.
        """
        names = tuple(name.strip() for name in self.hosts.split(",") if name.strip())
        for name in names or ([self.hosts] if self.hosts else []):
            check_host("hosts", name)
        return names

    def allowed_networks(self) -> tuple[Network, ...]:
        """Return the networks that are not public but may be sent webhooks.

        Raises:
            SettingsError: One of them is no network.
        """
        return read_networks(self.webhooks_allow)

    def feed_spec(self) -> FeedSpec:
        """Return the feed that `feed` names.

        Raises:
            SettingsError: The text has none of the known forms.
        """
        return parse_feed(self.feed)


def load() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: A value is invalid; the message names the variable and its value.
    """
    for name in Settings.model_fields:
        value = os.environ.get(variable(name))
        if value is not None and not value.strip() and not (name in _MAY_BE_EMPTY and not value):
            default = Settings.model_fields[name].get_default(call_default_factory=True)
            instead = "" if default is None or name in SECRETS else f" to use {default}"
            raise SettingsError(f"{variable(name)} is {_blank(value)}: unset it{instead}")
    secrets: dict[str, Any] = {**secrets_in_files(os.environ, Settings.model_fields)}
    try:
        settings = Settings(**secrets)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        value = "not shown: it is secret" if name in SECRETS else shown(first["input"])
        message = f"{variable(name)}: {first['msg']}, but is {value}"
        raise SettingsError(message) from None
    return _checked(settings)


def spelling_warnings() -> list[str]:
    """Return a sentence about each variable of the environment that is misspelt."""
    return unknown_variables(os.environ, Settings.model_fields)


def _blank(value: str) -> str:
    return "blank" if value else "empty"


def _checked(settings: Settings) -> Settings:
    """Return the settings with their passwords in place, after checking every value.

    Raises:
        SettingsError: A value is invalid.
    """
    settings.feed_spec()
    settings.allowed_origins()
    settings.may_frame_embeds()
    settings.public_address()
    settings.own_hosts()
    settings.allowed_networks()
    check_host("host", settings.host)
    check_folder("data", settings.data)
    for name, example in _WEB.items():
        parts = check_address(name, getattr(settings, name), ("http", "https"), example)
        if parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise SettingsError(f"{variable(name)} has a path: it takes {example}")
    if settings.openf1_mqtt:
        schemes = ("mqtt", "mqtts", "ws", "wss")
        check_address("openf1_mqtt", settings.openf1_mqtt, schemes, "mqtts://HOST:PORT")
    _check_accounts_elsewhere(settings)
    _check_home(settings)
    if settings.database_url is not None:
        check_database("database_url", settings.database_url)
    if settings.redis_url is not None:
        check_redis(settings.redis_url)
    if settings.workers > 1 and settings.redis_url is None:
        message = (
            f"PITWALL_WORKERS is {settings.workers}, but several workers need Redis: set "
            "PITWALL_REDIS_URL, or serve with one worker"
        )
        raise SettingsError(message)
    return settings.model_copy(
        update={
            f"{name}_url": with_password(name, address, password.get_secret_value())
            for name, address, password in (
                ("database", settings.database_url, settings.database_password),
                ("redis", settings.redis_url, settings.redis_password),
                ("mqtt", settings.mqtt_url, settings.mqtt_password),
            )
        }
    )


_WEB = {
    "f1_url": "https://HOST[:PORT] without a path",
    "openf1_url": "https://HOST[:PORT] without a path",
}


def _check_home(settings: Settings) -> None:
    if settings.mqtt_url is not None:
        check_mqtt(settings.mqtt_url)
    check_topic("mqtt_prefix", settings.mqtt_prefix)
    if settings.mqtt_discovery:
        check_topic("mqtt_discovery", settings.mqtt_discovery)
    if settings.mqtt_ca is not None:
        check_file("mqtt_ca", settings.mqtt_ca)


def _check_accounts_elsewhere(settings: Settings) -> None:
    token = settings.f1tv_token.get_secret_value()
    is_sendable = token.isascii() and token.isprintable() and len(token) <= _TOKEN_CHARACTERS
    if not is_sendable or " " in token:
        message = "PITWALL_F1TV_TOKEN is not a token: one word of letters, digits, dots and dashes"
        raise SettingsError(message)
    if bool(settings.openf1_user) != bool(settings.openf1_password.get_secret_value()):
        message = (
            "PITWALL_OPENF1_USER and PITWALL_OPENF1_PASSWORD must be set together: one is missing"
        )
        raise SettingsError(message)


def parse_feed(text: str) -> FeedSpec:
    """Return the feed that a text names.

    Raises:
        SettingsError: The text has none of the known forms.

    Example:
        >>> parse_feed("simulated:7").seed
        7
        >>> spec = parse_feed("timing:/data/timing#2025-dutch-grand-prix-race")
        >>> str(spec.path), spec.race
        ('/data/timing', '2025-dutch-grand-prix-race')
    """
    kind, _, rest = text.strip().partition(":")
    if kind in {"auto", "f1_live"} and not rest:
        return FeedSpec(FeedKind(kind))
    year, _, words = rest.partition("/")
    if kind == "archive" and _YEAR.fullmatch(year) and words.strip():
        return FeedSpec(FeedKind.ARCHIVE, race=words.strip(), year=int(year))
    if kind == "simulated" and (not rest or _WHOLE_NUMBER.fullmatch(rest)):
        return FeedSpec(FeedKind.SIMULATED, seed=int(rest or 1))
    if kind == "recording" and rest:
        return FeedSpec(FeedKind.RECORDING, path=Path(rest).expanduser())
    if kind == "openf1" and (rest in {"", "latest"} or _WHOLE_NUMBER.fullmatch(rest)):
        return FeedSpec(FeedKind.OPENF1, race=rest or "latest")
    archive, _, race = rest.rpartition("#")
    if kind == "timing" and archive and race:
        return FeedSpec(FeedKind.TIMING, path=Path(archive).expanduser(), race=race)
    message = (
        "PITWALL_FEED must be auto, simulated, simulated:SEED (a whole number), recording:PATH, "
        "timing:PATH#RACE, f1_live, archive:YEAR/RACE, openf1 or openf1:SESSION_KEY, but is "
        f"{shown(text)}"
    )
    raise SettingsError(message)
