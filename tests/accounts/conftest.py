"""Provide accounts in memory, on a clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pitwall.accounts.admin import AccountAdmin
from pitwall.accounts.hashing import Passwords
from pitwall.accounts.keys import ApiKeys
from pitwall.accounts.service import Accounts
from pitwall.domain.accounts import Account
from tests.accounts.memory import MemoryAccountStore, quick_passwords

ADA, PASSWORD, OTHER = "ada@example.org", "an engine of brass", "another engine of brass"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class CountingPasswords(Passwords):
    """Records the hashes that it was asked to verify."""

    def __init__(self) -> None:
        super().__init__()
        self.verified: list[bool] = []
        self._quick = quick_passwords()

    async def hash(self, password: str) -> str:
        return await self._quick.hash(password)

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        self.verified.append(password_hash is not None)
        return await self._quick.verify(password, password_hash)


async def logged_in(accounts: Accounts, email: str = ADA) -> tuple[Account, str]:
    await accounts.register(email, PASSWORD)
    log_in = await accounts.log_in(email, PASSWORD, "Firefox")
    return log_in.account, log_in.token


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryAccountStore:
    return MemoryAccountStore()


@pytest.fixture
def passwords() -> CountingPasswords:
    return CountingPasswords()


@pytest.fixture
def accounts(store: MemoryAccountStore, passwords: Passwords, clock: Clock) -> Accounts:
    return Accounts(store, passwords, clock)


@pytest.fixture
def keys(store: MemoryAccountStore, clock: Clock) -> ApiKeys:
    return ApiKeys(store, clock)


@pytest.fixture
def owning(store: MemoryAccountStore, passwords: Passwords, clock: Clock) -> AccountAdmin:
    return AccountAdmin(store, passwords, clock)
