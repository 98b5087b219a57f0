"""Implement `AccountStore` in memory, under the same contract, for tests not about storing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pwdlib.hashers.argon2 import Argon2Hasher

from pitwall.accounts.hashing import Passwords
from pitwall.domain.accounts import ApiKey, LogIn, User
from pitwall.errors import EmailTakenError, NotLoggedInError


def quick_passwords() -> Passwords:
    """Return real Argon2id hashing with parameters so low that tests can use it often."""
    return Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


class MemoryAccountStore:
    def __init__(self) -> None:
        self._users: dict[UUID, User] = {}
        self._log_ins: dict[UUID, LogIn] = {}
        self._keys: dict[UUID, ApiKey] = {}
        self._settings: dict[UUID, dict[str, str]] = {}

    async def add_user(self, user: User) -> None:
        if await self.user_by_email(user.email):
            raise EmailTakenError
        self._users[user.id] = user

    async def user(self, user_id: UUID) -> User | None:
        return self._users.get(user_id)

    async def user_by_email(self, email: str) -> User | None:
        return next((user for user in self._users.values() if user.email == email), None)

    async def users(self) -> list[User]:
        return sorted(self._users.values(), key=lambda user: user.created_at)

    async def set_password(
        self,
        user_id: UUID,
        password_hash: str,
        *,
        proven: str | None = None,
        keep: UUID | None = None,
    ) -> bool:
        if not self._proves(user_id, proven):
            return False
        self._users[user_id] = replace(self._users[user_id], password_hash=password_hash)
        await self.remove_log_ins(user_id, keep)
        return True

    async def improve_hash(self, user_id: UUID, password_hash: str, *, proven: str) -> None:
        if self._proves(user_id, proven):
            self._users[user_id] = replace(self._users[user_id], password_hash=password_hash)

    def _proves(self, user_id: UUID, proven: str | None) -> bool:
        user = self._users.get(user_id)
        return user is not None and proven in {None, user.password_hash}

    async def set_disabled(self, user_id: UUID, disabled_at: datetime | None) -> bool:
        if user_id not in self._users:
            return False
        self._users[user_id] = replace(self._users[user_id], disabled_at=disabled_at)
        return True

    async def delete_user(self, user_id: UUID, *, proven: str | None = None) -> bool:
        if not self._proves(user_id, proven):
            return False
        await self.remove_log_ins(user_id)
        self._settings.pop(user_id, None)
        self._keys = {i: key for i, key in self._keys.items() if key.user_id != user_id}
        return self._users.pop(user_id, None) is not None

    async def settings(self, user_id: UUID) -> dict[str, str]:
        return self._settings.get(user_id, {})

    async def keep_settings(self, user_id: UUID, settings: Mapping[str, str]) -> bool:
        if user_id not in self._users:
            return False
        self._settings[user_id] = dict(settings)
        return True

    async def add_log_in(self, log_in: LogIn, *, proven: str, most: int) -> bool:
        user = self._users.get(log_in.user_id)
        if user is None or user.password_hash != proven or user.disabled_at is not None:
            return False
        self._log_ins[log_in.id] = log_in
        for old in (await self.log_ins(log_in.user_id))[most:]:
            del self._log_ins[old.id]
        return True

    async def log_in_by_token(self, token_hash: str) -> tuple[LogIn, User] | None:
        for log_in in self._log_ins.values():
            if log_in.token_hash == token_hash:
                return log_in, self._users[log_in.user_id]
        return None

    async def log_ins(self, user_id: UUID) -> list[LogIn]:
        own = [log_in for log_in in self._log_ins.values() if log_in.user_id == user_id]
        return sorted(own, key=lambda log_in: log_in.last_used_at, reverse=True)

    async def note_log_in_use(
        self, log_in_id: UUID, used_at: datetime, expires_at: datetime
    ) -> None:
        if log_in_id in self._log_ins:
            self._log_ins[log_in_id] = replace(
                self._log_ins[log_in_id], last_used_at=used_at, expires_at=expires_at
            )

    async def remove_log_in(self, user_id: UUID, log_in_id: UUID) -> bool:
        log_in = self._log_ins.get(log_in_id)
        if log_in is None or log_in.user_id != user_id:
            return False
        del self._log_ins[log_in_id]
        return True

    async def remove_log_ins(self, user_id: UUID, keep: UUID | None = None) -> int:
        gone = [i for i, x in self._log_ins.items() if x.user_id == user_id and i != keep]
        for log_in_id in gone:
            del self._log_ins[log_in_id]
        return len(gone)

    async def remove_expired_log_ins(self, now: datetime) -> int:
        gone = [i for i, log_in in self._log_ins.items() if log_in.expires_at <= now]
        for log_in_id in gone:
            del self._log_ins[log_in_id]
        return len(gone)

    async def add_api_key(self, key: ApiKey, *, most: int) -> bool:
        if key.user_id not in self._users:
            raise NotLoggedInError
        if len(await self.api_keys(key.user_id)) >= most:
            return False
        self._keys[key.id] = key
        return True

    async def api_key_by_prefix(self, prefix: str) -> tuple[ApiKey, User] | None:
        for key in self._keys.values():
            if key.prefix == prefix:
                return key, self._users[key.user_id]
        return None

    async def api_keys(self, user_id: UUID) -> list[ApiKey]:
        own = [key for key in self._keys.values() if key.user_id == user_id]
        return sorted(own, key=lambda key: key.created_at, reverse=True)

    async def note_api_key_use(self, key_id: UUID, used_at: datetime) -> None:
        if key_id in self._keys:
            self._keys[key_id] = replace(self._keys[key_id], last_used_at=used_at)

    async def remove_api_key(self, user_id: UUID, key_id: UUID) -> bool:
        key = self._keys.get(key_id)
        if key is None or key.user_id != user_id:
            return False
        del self._keys[key_id]
        return True
