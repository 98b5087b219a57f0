"""Define users, their log-ins and API keys, and the account behind a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a visitor or a program may do.

    A key is for programs: it reads what its user may read and manages nothing, so that a leaked
    key gives away neither the account nor the owner's rights.
    """

    GUEST = "guest"  # not logged in: the live page and the public routes
    USER = "user"  # logged in: also stored races, exports, forecasts and their own account
    API = "api"  # came with an API key: reads as its user does
    OWNER = "owner"  # logged in, and runs this server: also other people's accounts


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account.

    Attributes:
        email: Normalised; see `pitwall.accounts.rules`. No two users share one.
        password_hash: Argon2id, in the PHC text form.
        is_owner: Whether they run this server.
        created_at: UTC.
        disabled_at: When the owner disabled the account, UTC; None while it is enabled.
    """

    id: UUID
    email: str
    password_hash: str
    is_owner: bool
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogIn:
    """One log-in of one browser.

    It is never called a session: that word means a session of a race weekend.

    Attributes:
        token_hash: SHA-256 of the token in its cookie, 64 hexadecimal digits.
        created_at, last_used_at: UTC; several uses within a minute are recorded once.
        expires_at: UTC; each use extends it, up to the absolute limit.
        user_agent: As the browser sent it, shortened; "" when it sent none.
    """

    id: UUID
    user_id: UUID
    token_hash: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A record of an API key; the key itself is shown once and never stored.

    Attributes:
        name: What its user calls it.
        prefix: The key's public part, by which it is found and recognised.
        key_hash: SHA-256 of the whole key, 64 hexadecimal digits.
        last_used_at: UTC; None before its first use.
    """

    id: UUID
    user_id: UUID
    name: str
    prefix: str
    key_hash: str
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind a request, as routes and pages see it.

    Attributes:
        role: `USER` or `OWNER` when logged in, `API` with a key.
        credential_id: The id of the log-in or of the API key that was presented.
    """

    user_id: UUID
    email: str
    role: Role
    credential_id: UUID

    @property
    def is_owner(self) -> bool:
        """Whether they may manage other people's accounts."""
        return self.role is Role.OWNER
