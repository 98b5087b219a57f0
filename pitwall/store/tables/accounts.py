"""Define the tables of people: users, their log-ins and their API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant, utc_now

EMAIL_LENGTH = 254  # RFC 5321, a path without its angle brackets


class UserRow(SQLModel, table=True):
    """A user with an account. Source: registration.

    Attributes:
        id: Made at random at registration.
        email: As written at registration; unique whatever its case.
        display_name: What other pages call the user; "" lets them choose.
        password_hash: Argon2id in the PHC format, which names its own settings.
        role: What the account may do. Range: `user` or `owner`.
        created_at: When the account was opened.
        disabled_at: From then on no log-in and no key works. None while they do.
        settings: What the user chose for all pages, such as the theme, by name. None before the
            first choice.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('user', 'owner')", name="users_role_is_known"),
        # The key of look-ups by address: WHERE lower(email) = lower(:email).
        Index("users_email_key", text("lower(email)"), unique=True),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str = Field(max_length=EMAIL_LENGTH)
    display_name: str = Field(default="", max_length=80)
    password_hash: str = Field(max_length=255)
    role: str = Field(default="user", max_length=8)
    created_at: datetime = Field(default_factory=utc_now, sa_type=Instant)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)
    settings: dict[str, str] | None = Field(default=None, sa_type=JSON)


class LogInRow(SQLModel, table=True):
    """One log-in of a user; `session` always means this, a Grand Prix is a race. Source: log-in.

    Attributes:
        id: Made at random at log-in.
        user_id: Whose log-in it is.
        token_hash: SHA-256 of the cookie's token, hexadecimal; the token itself is not stored.
        created_at: When the user logged in.
        expires_at: From then on the token is refused.
        last_used_at: When the token was last seen, to the minute. None before that.
        user_agent: The browser's own name, cut to 255 characters.
        revoked_at: From then on the token is refused. None while it is good.
    """

    __tablename__ = "sessions"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=128, unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    user_agent: str = Field(default="", max_length=255)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class ApiKeyRow(SQLModel, table=True):
    """A key with which a program acts for its owner. Source: the account page or `/auth/keys`.

    Attributes:
        id: Made at random with the key.
        user_id: Whose key it is.
        name: The owner's own name for it.
        prefix: The key's first characters, by which it is found and shown.
        key_hash: SHA-256 of the whole key, hexadecimal; the key itself is not stored.
        created_at: When the key was made.
        last_used_at: When the key was last used, to the minute. None before that.
        expires_at: From then on the key is refused. None for a key that never expires.
        revoked_at: From then on the key is refused. None while it is good.
    """

    __tablename__ = "api_keys"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=80)
    prefix: str = Field(max_length=24, unique=True)
    key_hash: str = Field(max_length=128)
    created_at: datetime = Field(default_factory=utc_now, sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
