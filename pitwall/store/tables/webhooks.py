"""Define the tables of webhooks: addresses, what is on its way to them, and how far that is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, SmallInteger, Text
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant, utc_now


class WebhookRow(SQLModel, table=True):
    """An address that an account registered. Source: the account page or `/account/webhooks`.

    Attributes:
        id: Made at random with the webhook.
        user_id: Whose webhook it is.
        name: The owner's own name for it.
        url: Where to send. It may hold a secret of its own, as Discord's does.
        kind: How the receiver is told. Range: `generic`, `ntfy` or `discord`.
        secret: Signs what is sent; in the clear, because signing needs it.
        events: The kinds of events it wants, separated by commas.
        p_above: `chance_above` is told from this forecast on. Range: 0 to 1.
        pass_below: Only passes that were given less. None for all.
        drivers: Letters or numbers of cars, separated by commas; "" for all.
        role: On which side of a battle they must be. Range: `any`, `attacker` or `defender`.
        only_live: Whether simulated and recorded races are left out.
        created_at: When it was registered.
        paused_at: Since when nothing is sent. None while it is active.
        pause_reason: Why; "" where the owner paused it.
        failures: Attempts that failed since the last that did not.
        failing_since: When the first of them failed. None while there are none.
        hold_until: Nothing is sent before. None where nothing holds it.
        last_error: Why the last attempt failed; "" when it did not.
        last_sent_at: When the last attempt succeeded. None before the first.
        sent: Attempts that succeeded.
        failed: Attempts that failed.
        turned_away: Events that were not kept because too many waited.
    """

    __tablename__ = "webhooks"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str = Field(default="", max_length=60)
    url: str = Field(max_length=2000)
    kind: str = Field(max_length=8)
    secret: str = Field(max_length=80)
    events: str = Field(max_length=120)
    p_above: float
    pass_below: float | None = None
    drivers: str = Field(default="", max_length=120)
    role: str = Field(default="any", max_length=8)
    only_live: bool = True
    created_at: datetime = Field(default_factory=utc_now, sa_type=Instant)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    pause_reason: str = Field(default="", max_length=200)
    failures: int = 0
    failing_since: datetime | None = Field(default=None, sa_type=Instant)
    hold_until: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str = Field(default="", max_length=200)
    last_sent_at: datetime | None = Field(default=None, sa_type=Instant)
    sent: int = 0
    failed: int = 0
    turned_away: int = 0


class DeliveryRow(SQLModel, table=True):
    """One event on its way to one webhook. Source: the live race, or a test by the owner.

    Attributes:
        id: Of webhook and event, so that no worker stores the same one twice.
        hook_id: The webhook.
        event: The kind of event.
        words: The event as a sentence.
        body: The event as JSON.
        created_at: When it happened, by the server's clock.
        state: What became of it. Range: `waiting`, `sent` or `dead`.
        attempts: How often it was tried.
        next_at: When it is tried next.
        ended_at: When it was sent or given up. None while it waits.
        status: The receiver's last answer. None where it did not answer.
        error: Why the last attempt failed; "" where none did.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="deliveries_state_is_known"),
        # What is due, and how many are in which state: of all, and of one webhook.
        Index("webhook_deliveries_due", "state", "next_at"),
        Index("webhook_deliveries_of_hook", "hook_id", "state", "created_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    hook_id: UUID = Field(foreign_key="webhooks.id", ondelete="CASCADE")
    event: str = Field(max_length=16)
    words: str = Field(max_length=300)
    body: str = Field(sa_type=Text)
    created_at: datetime = Field(default_factory=utc_now, sa_type=Instant)
    state: str = Field(default="waiting", max_length=8)
    attempts: int = Field(default=0, sa_type=SmallInteger)
    next_at: datetime = Field(default_factory=utc_now, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    status: int | None = Field(default=None, sa_type=SmallInteger)
    error: str = Field(default="", max_length=200)


class HookPlaceRow(SQLModel, table=True):
    """How far the events of the live race were put into deliveries: one row. Source: the leader.

    Attributes:
        id: Always 1.
        moment: The id of the last moment of the stream.
        track: The state of the track that was told last.
    """

    __tablename__ = "webhook_place"

    id: int = Field(
        default=1, primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    moment: str = Field(default="", max_length=40)
    track: str = Field(default="", max_length=200)
