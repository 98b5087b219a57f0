"""Test accounts from registration to deletion, on a clock that the tests move."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pitwall.accounts.admin import AccountAdmin
from pitwall.accounts.keys import MOST_KEYS, ApiKeys
from pitwall.accounts.service import HOLDS, HOLDS_AT_MOST, Accounts
from pitwall.domain.accounts import Account, Role
from pitwall.errors import EmailTakenError, RefusedFieldError, WrongCredentialsError
from tests.accounts.conftest import ADA, OTHER, PASSWORD, Clock, CountingPasswords, logged_in
from tests.accounts.memory import MemoryAccountStore


async def test_registered_people_log_in_and_out(accounts: Accounts) -> None:
    account, token = await logged_in(accounts)

    assert (account.email, account.role, account.is_owner) == (ADA, Role.USER, False)
    assert await accounts.whose_log_in(token) == account
    await accounts.log_out(account)
    assert await accounts.whose_log_in(token) is None


async def test_any_spelling_of_the_email_and_of_the_password_logs_in(accounts: Accounts) -> None:
    await accounts.register(ADA, "d\u00e9j\u00e0 vu d\u00e9j\u00e0")

    await accounts.log_in("ADA@example.org ", "de\u0301ja\u0300 vu de\u0301ja\u0300")


async def test_registering_twice_changes_nothing_and_says_nothing(accounts: Accounts) -> None:
    await accounts.register(ADA, PASSWORD)
    await accounts.register(ADA, OTHER)

    await accounts.log_in(ADA, PASSWORD)
    with pytest.raises(WrongCredentialsError):
        await accounts.log_in(ADA, OTHER)


async def test_only_the_owner_is_told_that_an_email_is_taken(accounts: Accounts) -> None:
    await accounts.create(ADA, PASSWORD, is_owner=True)

    with pytest.raises(EmailTakenError):
        await accounts.create(ADA, PASSWORD)


@pytest.mark.parametrize(
    ("email", "password", "known"),
    [(ADA, OTHER, True), ("bob@example.org", PASSWORD, False), ("no email", PASSWORD, False)],
)
async def test_unknown_email_and_wrong_password_are_one_answer_after_the_same_work(
    accounts: Accounts, passwords: CountingPasswords, email: str, password: str, known: bool
) -> None:
    await accounts.register(ADA, PASSWORD)

    with pytest.raises(WrongCredentialsError) as refused:
        await accounts.log_in(email, password)

    assert str(refused.value) == ""
    assert passwords.verified == [known]  # one hash either way; None stands for a made-up one


async def test_a_disabled_account_looks_like_a_wrong_password(
    accounts: Accounts, owning: AccountAdmin, keys: ApiKeys
) -> None:
    account, token = await logged_in(accounts)
    _, secret = await keys.create(account, "script")

    assert await owning.disable(account.user_id)

    assert await accounts.whose_log_in(token) is None
    assert await keys.whose(secret) is None
    with pytest.raises(WrongCredentialsError):
        await accounts.log_in(ADA, PASSWORD)
    assert await owning.enable(account.user_id)
    await accounts.log_in(ADA, PASSWORD)


async def test_a_log_in_holds_while_it_is_used_and_no_longer(
    accounts: Accounts, clock: Clock
) -> None:
    _, token = await logged_in(accounts)
    for _ in range(3):
        clock.now += HOLDS - timedelta(seconds=1)
        assert await accounts.whose_log_in(token) is not None

    clock.now += HOLDS

    assert await accounts.whose_log_in(token) is None


async def test_a_log_in_ends_some_day_however_much_it_is_used(
    accounts: Accounts, clock: Clock
) -> None:
    _, token = await logged_in(accounts)
    ends = clock.now + HOLDS_AT_MOST
    while clock.now < ends - timedelta(days=1):
        clock.now += timedelta(days=1)
        assert await accounts.whose_log_in(token) is not None

    clock.now = ends

    assert await accounts.whose_log_in(token) is None


async def test_expired_log_ins_are_neither_listed_nor_kept(
    accounts: Accounts, clock: Clock, store: MemoryAccountStore
) -> None:
    account, _ = await logged_in(accounts)
    clock.now += HOLDS
    assert await accounts.log_ins(account) == []

    await accounts.log_in(ADA, PASSWORD)

    assert len(await store.log_ins(account.user_id)) == 1


async def test_changing_the_password_ends_the_other_log_ins(accounts: Accounts) -> None:
    account, token = await logged_in(accounts)
    elsewhere = await accounts.log_in(ADA, PASSWORD)

    await accounts.change_password(account, PASSWORD, OTHER)

    assert await accounts.whose_log_in(token) == account
    assert await accounts.whose_log_in(elsewhere.token) is None
    await accounts.log_in(ADA, OTHER)
    with pytest.raises(WrongCredentialsError):
        await accounts.log_in(ADA, PASSWORD)


@pytest.mark.parametrize(
    ("old", "new", "field"), [(OTHER, OTHER, "old_password"), (PASSWORD, "short", "new_password")]
)
async def test_a_refused_change_names_the_field(
    accounts: Accounts, old: str, new: str, field: str
) -> None:
    account, _ = await logged_in(accounts)

    with pytest.raises(RefusedFieldError) as refused:
        await accounts.change_password(account, old, new)

    assert refused.value.field == field
    await accounts.log_in(ADA, PASSWORD)


async def test_deleting_takes_everything_along_but_needs_the_password(
    accounts: Accounts, keys: ApiKeys, store: MemoryAccountStore
) -> None:
    account, token = await logged_in(accounts)
    _, secret = await keys.create(account, "script")
    with pytest.raises(RefusedFieldError):
        await accounts.delete(account, OTHER)

    await accounts.delete(account, PASSWORD)

    assert await accounts.whose_log_in(token) is None
    assert await keys.whose(secret) is None
    assert await store.users() == []
    await accounts.register(ADA, OTHER)
    await accounts.log_in(ADA, OTHER)


async def test_nobody_ends_the_log_ins_or_keys_of_another(
    accounts: Accounts, keys: ApiKeys
) -> None:
    ada, token = await logged_in(accounts)
    key, secret = await keys.create(ada, "script")
    bob, _ = await logged_in(accounts, "bob@example.org")

    assert not await accounts.end_log_in(bob, ada.credential_id)
    assert not await keys.revoke(bob, key.id)
    assert await keys.list(bob) == []

    assert await accounts.whose_log_in(token) == ada
    assert await keys.whose(secret) is not None


async def test_a_key_reads_for_its_user_and_for_nobody_once_revoked(
    accounts: Accounts, keys: ApiKeys, clock: Clock
) -> None:
    account, _ = await logged_in(accounts)
    key, secret = await keys.create(account, " laptop ")

    acting = await keys.whose(secret)

    assert acting == Account(account.user_id, ADA, Role.API, key.id)
    assert (key.name, secret.startswith(f"{key.prefix}_"), secret in repr(key)) == (
        "laptop",
        True,
        False,
    )
    assert (await keys.list(account))[0].last_used_at == clock.now
    assert await keys.revoke(account, key.id)
    assert await keys.whose(secret) is None


async def test_an_owners_key_is_no_owner(accounts: Accounts, keys: ApiKeys) -> None:
    await accounts.create(ADA, PASSWORD, is_owner=True)
    owner = (await accounts.log_in(ADA, PASSWORD)).account
    _, secret = await keys.create(owner, "script")

    acting = await keys.whose(secret)

    assert owner.role is Role.OWNER
    assert acting is not None
    assert acting.role is Role.API


async def test_a_key_that_differs_in_its_last_letter_opens_nothing(
    accounts: Accounts, keys: ApiKeys
) -> None:
    account, _ = await logged_in(accounts)
    _, secret = await keys.create(account, "script")
    last = "A" if secret[-1] != "A" else "B"

    assert await keys.whose(secret[:-1] + last) is None
    assert await keys.whose("pw_" + "0" * 12 + "_" + "x" * 43) is None
    assert await keys.whose("") is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "two\nlines"])
async def test_a_key_needs_a_name(accounts: Accounts, keys: ApiKeys, name: str) -> None:
    account, _ = await logged_in(accounts)

    with pytest.raises(RefusedFieldError):
        await keys.create(account, name)


async def test_keys_have_a_bound(accounts: Accounts, keys: ApiKeys) -> None:
    account, _ = await logged_in(accounts)
    for number in range(MOST_KEYS):
        await keys.create(account, f"key {number}")

    with pytest.raises(RefusedFieldError, match="Revoke one first"):
        await keys.create(account, "one more")


async def test_a_reset_password_ends_every_log_in(accounts: Accounts, owning: AccountAdmin) -> None:
    _, token = await logged_in(accounts)
    user = await owning.user("ADA@example.org")
    assert user is not None

    await owning.reset_password(user, OTHER)

    assert await accounts.whose_log_in(token) is None
    await accounts.log_in(ADA, OTHER)


async def test_uses_within_a_minute_are_noted_once(
    accounts: Accounts, clock: Clock, store: MemoryAccountStore
) -> None:
    account, token = await logged_in(accounts)
    before = (await store.log_ins(account.user_id))[0]
    clock.now += timedelta(seconds=59)
    await accounts.whose_log_in(token)
    assert (await store.log_ins(account.user_id))[0] == before

    clock.now += timedelta(seconds=1)
    await accounts.whose_log_in(token)

    after = (await store.log_ins(account.user_id))[0]
    assert after == replace(before, last_used_at=clock.now, expires_at=clock.now + HOLDS)
