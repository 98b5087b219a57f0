"""Manage API keys, with which programs read what their user may read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from pitwall.accounts.service import NOTED_EVERY, utc_now
from pitwall.accounts.tokens import hash_token, new_key, prefix_of, same_hash
from pitwall.domain.accounts import Account, ApiKey, Role
from pitwall.errors import RefusedFieldError
from pitwall.ports.accounts import AccountStore

MOST_KEYS: Final = 20
LONGEST_NAME: Final = 60
_NO_HASH: Final = "0" * 64


class ApiKeys:
    """Creates, lists and revokes API keys, and finds the owner of a key.

    Args:
        store: Stores the keys.
        now: The wall clock.
    """

    def __init__(self, store: AccountStore, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    async def create(self, account: Account, name: str) -> tuple[ApiKey, str]:
        """Return a new key of the account and its secret, which cannot be shown again.

        Raises:
            RefusedFieldError: The name is empty, too long or unprintable, or there are too many
                keys already.
        """
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            field, reason = "name", f"A key needs a name of at most {LONGEST_NAME} characters."
            raise RefusedFieldError(field, reason)
        new = new_key()
        key = ApiKey(
            uuid4(), account.user_id, name, new.prefix, hash_token(new.secret), self._now()
        )
        if not await self._store.add_api_key(key, most=MOST_KEYS):
            field, reason = (
                "name",
                f"You have {MOST_KEYS} keys, the most allowed. Revoke one first.",
            )
            raise RefusedFieldError(field, reason)
        return key, new.secret

    async def whose(self, secret: str) -> Account | None:
        """Return the account that a key belongs to, and note its use; None for an unknown key."""
        prefix = prefix_of(secret)
        found = await self._store.api_key_by_prefix(prefix) if prefix else None
        stored_hash = found[0].key_hash if found else _NO_HASH
        right = same_hash(stored_hash, hash_token(secret))
        if found is None or not right:
            return None
        key, user = found
        if user.disabled_at is not None:
            return None
        now = self._now()
        if key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY:
            await self._store.note_api_key_use(key.id, now)
        return Account(user.id, user.email, Role.API, key.id)

    async def list(self, account: Account) -> list[ApiKey]:
        """Return the account's keys, newest first."""
        return await self._store.api_keys(account.user_id)

    async def revoke(self, account: Account, key_id: UUID) -> bool:
        """Revoke a key of the account; return whether it existed."""
        return await self._store.remove_api_key(account.user_id, key_id)
