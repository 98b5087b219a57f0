"""Ports of accounts: where they are stored, and who counts requests."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from pitwall.domain.accounts import ApiKey, LogIn, User
from pitwall.domain.limits import LimitPolicy, Standing


class RateLimiter(Protocol):
    """Counts requests by policy and asker."""

    async def take(self, policy: LimitPolicy, asker: str) -> Standing:
        """Count one request of `asker` and return where that leaves him.

        A request beyond the quota is not counted: it does not keep the window open.
        """
        ...

    async def give_back(self, policy: LimitPolicy, asker: str) -> None:
        """Take one request of this window back; without one nothing happens."""
        ...


class AccountStore(Protocol):
    """Keeps users, their log-ins and their API keys.

    E-mails come normalised and tokens hashed; a store neither checks nor makes them. All
    moments are UTC with their zone.
    """

    async def add_user(self, user: User) -> None:
        """Keep a new user.

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
        """Replace the password and end all log-ins but `keep`, at once; whether that was done.

        Nothing happens to no such user, nor where `proven` is no longer the hash that is kept:
        the password was changed while the old one was being verified.
        """
        ...

    async def improve_hash(self, user_id: UUID, password_hash: str, *, proven: str) -> None:
        """Replace `proven` by a better hash of the same password; nothing where it is another."""
        ...

    async def set_disabled(self, user_id: UUID, disabled_at: datetime | None) -> bool:
        """Shut the account from `disabled_at` on, or open it again; whether there was one."""
        ...

    async def delete_user(self, user_id: UUID, *, proven: str | None = None) -> bool:
        """Remove the user and everything that is theirs; whether there was one.

        Nothing happens where `proven` is no longer the hash of the password that is kept.
        """
        ...

    async def add_log_in(self, log_in: LogIn, *, proven: str, most: int) -> bool:
        """Keep a new log-in, unless `proven` is no longer what lets its user in; whether it did.

        That is so when the password was changed, or the account shut or deleted, while the
        password was being verified. Both are looked at in the transaction that adds the log-in.
        Beyond `most`, those of the user that were not used for longest end.
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
        """Note that a log-in was used, and until when it holds now."""
        ...

    async def remove_log_in(self, user_id: UUID, log_in_id: UUID) -> bool:
        """Remove one log-in of this user; whether he had it."""
        ...

    async def remove_log_ins(self, user_id: UUID, keep: UUID | None = None) -> int:
        """Remove all log-ins of this user but `keep`; return how many."""
        ...

    async def remove_expired_log_ins(self, now: datetime) -> int:
        """Remove everybody's log-ins that expired by `now`; return how many."""
        ...

    async def add_api_key(self, key: ApiKey, *, most: int) -> bool:
        """Keep a new API key, unless its user has `most` already; whether it did.

        They are counted in the transaction that adds the key, one such at a time for each user.

        Raises:
            NotLoggedInError: Its user has gone meanwhile.
        """
        ...

    async def api_key_by_prefix(self, prefix: str) -> tuple[ApiKey, User] | None:
        """Return the API key with this prefix and its user."""
        ...

    async def api_keys(self, user_id: UUID) -> list[ApiKey]:
        """Return the user's API keys, newest first."""
        ...

    async def note_api_key_use(self, key_id: UUID, used_at: datetime) -> None:
        """Note that a key was used."""
        ...

    async def remove_api_key(self, user_id: UUID, key_id: UUID) -> bool:
        """Remove one API key of this user; whether he had it."""
        ...
