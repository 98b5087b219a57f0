"""Define the ports of accounts: their store and the rate limiter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pitwall.domain.accounts import ApiKey, LogIn, User
from pitwall.domain.limits import LimitPolicy, Standing


class RateLimiter(Protocol):
    """Counts requests by policy and client."""

    async def take(self, policy: LimitPolicy, asker: str) -> Standing:
        """Count one request of `asker` and return what is left of its limit.

        A request beyond the quota is not counted, so it does not keep the window open.
        """
        ...

    async def give_back(self, policy: LimitPolicy, asker: str) -> None:
        """Uncount one request of this window; no effect if there is none."""
        ...


class AccountStore(Protocol):
    """Stores users, their log-ins and their API keys.

    Callers normalise e-mails and hash tokens; a store neither checks nor makes them. All times
    are aware and in UTC. `store` implements it, and lies above `accounts`, which needs it.
    """

    async def add_user(self, user: User) -> None:
        """Store a new user.

        Raises:
            EmailTakenError: Another user has this e-mail.
        """
        ...

    async def user(self, user_id: UUID) -> User | None:
        """Return the user with this id."""
        ...

    async def user_by_email(self, email: str) -> User | None:
        """Return the user with this e-mail."""
        ...

    async def users(self) -> list[User]:
        """Return every user, oldest account first."""
        ...

    async def set_password(
        self,
        user_id: UUID,
        password_hash: str,
        *,
        proven: str | None = None,
        keep: UUID | None = None,
    ) -> bool:
        """Replace the password and end all log-ins but `keep`; return whether that was done.

        Nothing happens if there is no such user, or if `proven` is no longer the stored hash
        because the password was changed while the old one was being verified.
        """
        ...

    async def improve_hash(self, user_id: UUID, password_hash: str, *, proven: str) -> None:
        """Replace `proven` by a better hash of the same password, if it is still the stored one."""
        ...

    async def set_disabled(self, user_id: UUID, disabled_at: datetime | None) -> bool:
        """Disable the account from `disabled_at` on, or enable it; return whether it exists."""
        ...

    async def delete_user(self, user_id: UUID, *, proven: str | None = None) -> bool:
        """Remove the user and all their data; return whether the user existed.

        Nothing happens if `proven` is no longer the stored hash of the password.
        """
        ...

    async def settings(self, user_id: UUID) -> dict[str, str]:
        """Return what the user chose for all pages; empty before the first choice."""
        ...

    async def keep_settings(self, user_id: UUID, settings: Mapping[str, str]) -> bool:
        """Replace what the user chose for all pages; return whether the user exists."""
        ...

    async def add_log_in(self, log_in: LogIn, *, proven: str, most: int) -> bool:
        """Store a new log-in if `proven` still lets its user in; return whether it was stored.

        It does not if the password was changed, or the account disabled or deleted, while the
        password was being verified; the transaction that adds the log-in checks both. Beyond
        `most` log-ins of a user, the least recently used ones end.
        """
        ...

    async def log_in_by_token(self, token_hash: str) -> tuple[LogIn, User] | None:
        """Return the log-in with this token, expired or not, and its user."""
        ...

    async def log_ins(self, user_id: UUID) -> list[LogIn]:
        """Return the user's log-ins, expired or not, last used first."""
        ...

    async def note_log_in_use(
        self, log_in_id: UUID, used_at: datetime, expires_at: datetime
    ) -> None:
        """Record that a log-in was used, and when it now expires."""
        ...

    async def remove_log_in(self, user_id: UUID, log_in_id: UUID) -> bool:
        """Remove one log-in of this user; return whether it was theirs."""
        ...

    async def remove_log_ins(self, user_id: UUID, keep: UUID | None = None) -> int:
        """Remove all log-ins of this user but `keep`; return how many."""
        ...

    async def remove_expired_log_ins(self, now: datetime) -> int:
        """Remove every log-in that expired by `now`; return how many."""
        ...

    async def add_api_key(self, key: ApiKey, *, most: int) -> bool:
        """Store a new API key, unless its user has `most` already; return whether it was stored.

        The keys are counted in the transaction that adds one; for each user only one such
        transaction runs at a time.

        Raises:
            NotLoggedInError: Its user has been deleted meanwhile.
        """
        ...

    async def api_key_by_prefix(self, prefix: str) -> tuple[ApiKey, User] | None:
        """Return the API key with this prefix and its user."""
        ...

    async def api_keys(self, user_id: UUID) -> list[ApiKey]:
        """Return the user's API keys, newest first."""
        ...

    async def note_api_key_use(self, key_id: UUID, used_at: datetime) -> None:
        """Record that a key was used."""
        ...

    async def remove_api_key(self, user_id: UUID, key_id: UUID) -> bool:
        """Remove one API key of this user; return whether it was theirs."""
        ...
