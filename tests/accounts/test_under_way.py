"""Test that an old password no longer works for requests under way while it is changed."""

from __future__ import annotations

import pytest

from pitwall.accounts.admin import AccountAdmin
from pitwall.accounts.service import Accounts
from pitwall.errors import RefusedFieldError, WrongCredentialsError
from tests.accounts.conftest import ADA, OTHER, PASSWORD, CountingPasswords, logged_in
from tests.accounts.memory import MemoryAccountStore


async def test_a_log_in_under_way_while_the_password_is_changed_does_not_hold(
    accounts: Accounts, passwords: CountingPasswords, store: MemoryAccountStore
) -> None:
    account, _ = await logged_in(accounts)
    verify = passwords.verify

    async def slowly(password: str, password_hash: str | None) -> tuple[bool, str | None]:
        found = await verify(password, password_hash)
        passwords.verify = verify  # type: ignore[method-assign]  # the next one is quick
        await accounts.change_password(account, PASSWORD, OTHER)
        return found

    passwords.verify = slowly  # type: ignore[method-assign]
    with pytest.raises(WrongCredentialsError):
        await accounts.log_in(ADA, PASSWORD)

    assert [each.id for each in await store.log_ins(account.user_id)] == [account.credential_id]


async def test_a_password_set_by_the_owner_is_not_undone_by_a_change_under_way(
    accounts: Accounts,
    owning: AccountAdmin,
    passwords: CountingPasswords,
    store: MemoryAccountStore,
) -> None:
    account, _ = await logged_in(accounts)
    hash_ = passwords.hash

    async def slowly(password: str) -> str:
        passwords.hash = hash_  # type: ignore[method-assign]
        user = await store.user(account.user_id)
        assert user is not None
        await owning.reset_password(user, "set by the owner")
        return await hash_(password)

    passwords.hash = slowly  # type: ignore[method-assign]
    with pytest.raises(RefusedFieldError, match="changed meanwhile"):
        await accounts.change_password(account, PASSWORD, OTHER)

    assert (await accounts.log_in(ADA, "set by the owner")).token
