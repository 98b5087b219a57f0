"""What the environment asks for: `PITWALL_*` as one typed, validated, frozen object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pitwall.errors import SettingsError

_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")
_SECRET = {"PITWALL_REDIS_URL", "PITWALL_DATABASE_URL", "PITWALL_F1TV_TOKEN"}

WORKERS_FOLDER = "PITWALL_INTERNAL_WORKERS_FOLDER"
"""Where `serve` tells its workers of the folder that they share; no setting."""


class FeedKind(StrEnum):
    """Which feed plays."""

    AUTO = "auto"
    SIMULATED = "simulated"
    RECORDING = "recording"
    TIMING = "timing"
    F1_LIVE = "f1_live"
    ARCHIVE = "archive"
    OPENF1 = "openf1"


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """`PITWALL_FEED`, read.

    Attributes:
        kind: Which feed.
        path: Where its files are; None for feeds without files.
        race: The race inside a timing archive, the words that name one of F1's archive, or
            OpenF1's session: its key, or `latest`.
        year: Of a race in F1's archive; 0 elsewhere.
        seed: Of the simulation.
    """

    kind: FeedKind
    path: Path | None = None
    race: str = ""
    seed: int = 1
    year: int = 0


class Settings(BaseSettings):
    """Every setting; each is an environment variable with the prefix `PITWALL_`.

    Attributes:
        feed: `auto`, `simulated[:SEED]`, `recording:PATH`, `timing:PATH#RACE`, `f1_live`,
            `archive:YEAR/RACE` or `openf1[:SESSION_KEY]`.
        speed: Race seconds for each second of yours when a recorded race plays, 0.5 to 60.
        start_lap: The leader's lap at which a recorded race begins: 1 is lights out, 0 the
            first message. None lets the feed choose.
        host, port: Where the server listens.
        model: A model file to use instead of the shipped one.
        data: The folder in which pitwall keeps what it writes.
        database_url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; None is a
            SQLite file in the data folder.
        cors_origins: Other web sites whose pages may ask the API, such as
            `https://example.org`; several with commas between.
        trusted_proxies: How many proxies stand in front and say who asks.
        hosts: Names under which the server is reached, such as `pitwall.example.org`; several with
            commas between. Its addresses and localhost need not be named.
        at_once: How many requests and sockets one address may have open at once, of IPv6 one /64;
            this machine itself any number. 0 is no limit.
        plain_http: Whether passwords are taken over plain http from this machine alone, or
            from everywhere.
        f1_url: Where F1 live timing and its archive are.
        f1tv_token: Of an F1 TV account, for car telemetry; "" does without.
        openf1_url, openf1_mqtt: Where OpenF1's REST and MQTT are; without MQTT REST is polled.
        openf1_user, openf1_password: Of an OpenF1 account; "" does without.
        record: Whether what a live feed sends is kept in the data folder.
        circuit_info: Who describes circuits beside the files in the data folder: `fastf1` is
            MultiViewer, asked through FastF1; `folder` is nobody.
        redis_url: `redis://…`, `rediss://…` or `unix://…`; None keeps the live cache in memory.
        workers: How many processes serve; more than one need Redis.
        log: What is logged, from this level up.
    """

    model_config = SettingsConfigDict(env_prefix="PITWALL_", frozen=True, extra="ignore")

    feed: str = "auto"
    speed: Annotated[float, Field(ge=0.5, le=60)] = 1.0
    start_lap: Annotated[int | None, Field(ge=0, le=100)] = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    model: Path | None = None
    data: Path = Path("data")
    database_url: str | None = None
    cors_origins: str = ""
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    hosts: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:,\[\] _-]*$")] = ""
    at_once: Annotated[int, Field(ge=0, le=1_000_000)] = 256
    plain_http: Literal["local", "allowed"] = "local"
    f1_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+/?$")] = (
        "https://livetiming.formula1.com"
    )
    f1tv_token: SecretStr = SecretStr("")
    openf1_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+/?$")] = "https://api.openf1.org"
    openf1_mqtt: Annotated[str, Field(pattern=r"^((mqtts?|wss?)://[^\s/]+(/\S*)?)?$")] = (
        "mqtts://mqtt.openf1.org:8883"
    )
    openf1_user: str = ""
    openf1_password: SecretStr = SecretStr("")
    record: bool = True
    circuit_info: Literal["fastf1", "folder"] = "fastf1"
    redis_url: Annotated[str | None, Field(pattern=r"^(rediss?|unix)://", repr=False)] = None
    workers: Annotated[int, Field(ge=1, le=32)] = 1
    log: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    def allowed_origins(self) -> frozenset[str]:
        """Return the origins that may ask the API.

        Raises:
            SettingsError: One of them is none: scheme and host, and no path.
        """
        origins = frozenset(part.strip() for part in self.cors_origins.split(",") if part.strip())
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                message = f"PITWALL_CORS_ORIGINS takes https://HOST[:PORT], was {origin!r}"
                raise SettingsError(message)
        return origins

    def feed_spec(self) -> FeedSpec:
        """Return the feed asked for.

        Raises:
            SettingsError: The text has none of the known forms.
        """
        return parse_feed(self.feed)


def load() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: A value cannot be; the message names the variable and what was found.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "PITWALL_" + "_".join(str(part) for part in first["loc"]).upper()
        found = "not shown: it may hold a password" if name in _SECRET else repr(first["input"])
        message = f"{name}: {first['msg']}, was {found}"
        raise SettingsError(message) from None
    settings.feed_spec()
    settings.allowed_origins()
    if settings.workers > 1 and settings.redis_url is None:
        message = (
            f"PITWALL_WORKERS is {settings.workers}, and workers share what they show through "
            "Redis: name one in PITWALL_REDIS_URL, or serve with one worker"
        )
        raise SettingsError(message)
    return settings


def parse_feed(text: str) -> FeedSpec:
    """Return what a feed text asks for.

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
    if kind == "archive" and year.isdecimal() and words.strip():
        return FeedSpec(FeedKind.ARCHIVE, race=words.strip(), year=int(year))
    if kind == "simulated" and (not rest or rest.isdecimal()):
        return FeedSpec(FeedKind.SIMULATED, seed=int(rest or 1))
    if kind == "recording" and rest:
        return FeedSpec(FeedKind.RECORDING, path=Path(rest).expanduser())
    if kind == "openf1" and (rest in {"", "latest"} or rest.isdecimal()):
        return FeedSpec(FeedKind.OPENF1, race=rest or "latest")
    archive, _, race = rest.rpartition("#")
    if kind == "timing" and archive and race:
        return FeedSpec(FeedKind.TIMING, path=Path(archive).expanduser(), race=race)
    message = (
        "PITWALL_FEED must be auto, simulated, simulated:SEED (a whole number), recording:PATH, "
        "timing:PATH#RACE, f1_live, archive:YEAR/RACE, openf1 or openf1:SESSION_KEY, was "
        f"{text!r}"
    )
    raise SettingsError(message)
