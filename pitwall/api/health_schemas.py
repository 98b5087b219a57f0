"""Define the answer of `/health`, as OpenAPI documents it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from pitwall.api import examples
from pitwall.domain.frames import FeedState
from pitwall.domain.sessions import Source
from pitwall.domain.webhooks import HookTotals
from pitwall.mqtt.link_state import LinkStatus

Status = Literal["ok", "degraded", "waiting", "dead"]


class ModelOut(BaseModel):
    """The model that makes the forecasts."""

    version: str = Field(examples=[examples.MODEL_VERSION])
    trained_at: datetime | None = Field(examples=[examples.TRAINED_AT])
    hash: str = Field(
        description="SHA-256 of everything that the model learned.", examples=[examples.MODEL_HASH]
    )
    rules_version: str = Field(
        description="The version of the sporting rules that it was made for.",
        examples=[examples.RULES_VERSION],
    )
    scores: dict[str, dict[str, float]] = Field(
        description="Scores of the model's recipe on races it had not seen, by test.",
        examples=[examples.SCORES],
    )


class BuildOut(BaseModel):
    """The version of the program."""

    version: str = Field(examples=[examples.VERSION])
    revision: str | None = Field(
        description="Source revision; null where neither git nor the build tells it.",
        examples=[examples.REVISION],
    )
    started_at: datetime = Field(examples=[examples.STARTED_AT])


class SetAsideOut(BaseModel):
    """Rows that the database refused for their content; all other rows were written."""

    rows: int = Field(default=0, description="Number of rows in the file.", examples=[0])
    file: str = Field(
        default="",
        description="The file's name in the data folder; each line is a row as JSON.",
        examples=["set-aside.jsonl"],
    )
    lost: int = Field(
        default=0, description="Number of rows lost because the file was full.", examples=[0]
    )
    reason: str = Field(
        default="", description="Which table refused the newest row, and why.", examples=[""]
    )


class StoreOut(BaseModel):
    """The state of writing races to the database."""

    status: Literal["ok", "degraded"] = Field(examples=["ok"])
    reason: str = Field(
        description="While nothing can be written: why, since when and how much waits; else empty.",
        examples=[""],
    )
    dropped: int = Field(
        description="Messages lost because nothing could be written for too long; none that "
        "another worker has written.",
        examples=[0],
    )
    waiting: int = Field(default=0, description="Messages that wait to be written.", examples=[12])
    set_aside: SetAsideOut = Field(
        default_factory=SetAsideOut,
        description="Rows that the database refused for their content.",
    )


class BrokerOut(BaseModel):
    """The connection to the owner's MQTT broker; a broken one is no fault of the server."""

    status: LinkStatus = Field(
        description="`connecting`, `connected`, `disconnected` while a new attempt is due, or "
        "`standing_by` where another worker has the connection.",
        examples=["connected"],
    )
    detail: str = Field(description="Why it is disconnected; else empty.", examples=[""])


class WebhooksOut(BaseModel):
    """What all webhooks have done, as of some seconds ago."""

    hooks: int = Field(description="How many are registered.", examples=[3])
    queued: int = Field(description="Deliveries that wait to be sent.", examples=[0])
    sent: int = Field(description="Attempts that succeeded.", examples=[412])
    failed: int = Field(description="Attempts that failed; most were made again.", examples=[7])
    dead: int = Field(description="Deliveries that were given up.", examples=[1])
    turned_away: int = Field(
        description="Events not kept because too many waited for one webhook.", examples=[0]
    )

    @classmethod
    def of(cls, totals: HookTotals) -> WebhooksOut:
        """Return the totals as programs read them."""
        return cls(**asdict(totals))


class HealthOut(BaseModel):
    """The state of the server, and whether its data can be trusted now."""

    status: Status = Field(
        description="`ok`; `degraded` when the data is right but the shared cache or the "
        "database is missing (see `store`), or late because this machine is too slow; "
        "`waiting` before the first frame; `dead` when the feed has stopped while a race is on, "
        "or cannot be opened (answered with 503).",
        examples=["ok"],
    )
    detail: str = Field(
        description="What is wrong, in a sentence; empty while all is well.", examples=[""]
    )
    source: Source | None = Field(examples=[examples.SOURCE])
    feed: str | None = Field(examples=[examples.FEED])
    feed_state: FeedState | None = Field(examples=["flowing"])
    feed_detail: str = Field(
        description="What the feed lacks or waits for, in sentences: a token that runs out, how "
        "much of a race is fetched. It is no fault by itself; empty while there is nothing.",
        examples=[""],
    )
    race_on: bool = Field(examples=[True])
    last_message_age_s: float | None = Field(
        description="Real seconds since the newest message arrived.", examples=[0.443]
    )
    frame_age_s: float | None = Field(
        description="Real seconds since the newest frame.", examples=[0.25]
    )
    sequence: int | None = Field(examples=[5563])
    malformed: int = Field(
        description="Number of message parts skipped because they broke the format.", examples=[0]
    )
    store: StoreOut | None = Field(
        description="The state of writing races; null where none are stored."
    )
    mqtt: BrokerOut | None = Field(
        default=None,
        description="The connection to the owner's MQTT broker; null where none is set.",
    )
    webhooks: WebhooksOut | None = Field(
        default=None,
        description="What webhooks have done; null where there are none, or before they were "
        "counted.",
    )
    model: ModelOut | None
    build: BuildOut
