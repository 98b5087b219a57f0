"""Who may come in: users, their log-ins and API keys, and who is asking now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody may do.

    A key is for programs: it reads what its user may read and manages nothing, so that a key
    that leaks gives neither the account nor the owner's rights away.
    """

    GUEST = "guest"  # not logged in: the live page and the public routes
    USER = "user"  # logged in: also history, exports, forecasts and the own account
    API = "api"  # came with an API key: reads as its user does
    OWNER = "owner"  # logged in, and runs this server: also other people's accounts


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account.

    Attributes:
        email: Normalised; see `pitwall.accounts.rules`. No two users share one.
        password_hash: Argon2id, in the PHC text form.
        is_owner: Whether he runs this server.
        created_at: UTC.
        disabled_at: When the owner shut the account, UTC; None while it is open.
    """

    id: UUID
    email: str
    password_hash: str
    is_owner: bool
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogIn:
    """One log-in of one browser. The word "session" never means anything else here.

    Attributes:
        token_hash: SHA-256 of the token in its cookie, 64 hexadecimal digits.
        created_at, last_used_at: UTC; uses within a minute are noted once.
        expires_at: UTC; moves on with use, up to the absolute limit.
        user_agent: As the browser told it, cut; "" when it told none.
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
    """A key for programs, without the key itself, which is shown once and not kept.

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
    """Who is asking, as routes and pages see it.

    Attributes:
        role: `USER` or `OWNER` when logged in, `API` with a key.
        credential_id: Of the log-in or the key that he came with.
    """

    user_id: UUID
    email: str
    role: Role
    credential_id: UUID

    @property
    def is_owner(self) -> bool:
        """Whether he may see to other people's accounts."""
        return self.role is Role.OWNER
