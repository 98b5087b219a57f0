"""Test what every `AccountStore` must do, in memory and on both real databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from pitwall.domain.accounts import ApiKey, LogIn, User
from pitwall.errors import EmailTakenError, NotLoggedInError
from pitwall.ports.accounts import AccountStore
from pitwall.store import migrations
from pitwall.store.accounts import SqlAccountStore
from pitwall.store.database import Database, database_url
from tests.accounts.memory import MemoryAccountStore

HASH = "$argon2id$v=19$made-up"
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def a_user(email: str = "ada@example.org", minutes: int = 0) -> User:
    return User(uuid4(), email, HASH, False, NOON + timedelta(minutes=minutes))


def a_log_in(user: User, token_hash: str = "a" * 64, minutes: int = 0) -> LogIn:
    at = NOON + timedelta(minutes=minutes)
    return LogIn(uuid4(), user.id, token_hash, at, at, at + timedelta(days=14), "Firefox")


def a_key(user: User, prefix: str = "pw_000000000001", minutes: int = 0) -> ApiKey:
    at = NOON + timedelta(minutes=minutes)
    return ApiKey(uuid4(), user.id, "laptop", prefix, "b" * 64, at)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory":
        return ""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'pitwall.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[AccountStore]:
    if not url:
        yield MemoryAccountStore()
        return
    database = Database(database_url(url, tmp_path))
    await migrations.upgrade(database)
    yield SqlAccountStore(database)
    await database.close()


async def test_gives_a_user_back_as_he_came(store: AccountStore) -> None:
    ada, owner = a_user(), replace(a_user("own@localhost", 1), is_owner=True)
    await store.add_user(ada)
    await store.add_user(owner)

    assert await store.user(ada.id) == ada
    assert await store.user_by_email("own@localhost") == owner
    assert await store.users() == [ada, owner]
    assert await store.user(uuid4()) is None
    assert await store.user_by_email("bob@example.org") is None


async def test_one_email_is_one_user(store: AccountStore) -> None:
    ada = a_user()
    await store.add_user(ada)

    with pytest.raises(EmailTakenError):
        await store.add_user(a_user())

    assert await store.users() == [ada]


async def test_changes_a_password_and_opens_and_shuts_an_account(store: AccountStore) -> None:
    ada, bob = a_user(), a_user("bob@example.org", 1)
    await store.add_user(ada)
    await store.add_user(bob)

    await store.set_password(ada.id, "$argon2id$new")
    assert await store.set_disabled(ada.id, NOON)
    assert await store.user(ada.id) == replace(ada, password_hash="$argon2id$new", disabled_at=NOON)
    assert await store.set_disabled(ada.id, None)
    assert await store.user(ada.id) == replace(ada, password_hash="$argon2id$new")
    assert await store.user(bob.id) == bob
    assert not await store.set_disabled(uuid4(), NOON)


async def test_finds_a_log_in_by_its_token_with_its_user(store: AccountStore) -> None:
    ada = a_user()
    log_in = a_log_in(ada)
    await store.add_user(ada)
    await store.add_log_in(log_in, proven=HASH, most=9)

    assert await store.log_in_by_token("a" * 64) == (log_in, ada)
    assert await store.log_in_by_token("c" * 64) is None


async def test_lists_the_log_ins_of_one_user_last_used_first(store: AccountStore) -> None:
    ada, bob = a_user(), a_user("bob@example.org")
    old, new = a_log_in(ada), a_log_in(ada, "b" * 64, 5)
    await store.add_user(ada)
    await store.add_user(bob)
    for log_in in (old, new, a_log_in(bob, "c" * 64)):
        await store.add_log_in(log_in, proven=HASH, most=9)

    assert await store.log_ins(ada.id) == [new, old]
    used_at = NOON + timedelta(hours=1)
    await store.note_log_in_use(old.id, used_at, used_at + timedelta(days=14))
    noted = replace(old, last_used_at=used_at, expires_at=used_at + timedelta(days=14))
    assert await store.log_ins(ada.id) == [noted, new]


async def test_removes_one_log_in_of_its_user_only(store: AccountStore) -> None:
    ada, bob = a_user(), a_user("bob@example.org")
    log_in = a_log_in(ada)
    await store.add_user(ada)
    await store.add_user(bob)
    await store.add_log_in(log_in, proven=HASH, most=9)

    assert not await store.remove_log_in(bob.id, log_in.id)
    assert await store.remove_log_in(ada.id, log_in.id)
    assert not await store.remove_log_in(ada.id, log_in.id)


async def test_removes_all_log_ins_but_one_or_those_expired(store: AccountStore) -> None:
    ada, bob = a_user(), a_user("bob@example.org")
    await store.add_user(ada)
    await store.add_user(bob)
    own = [a_log_in(ada, letter * 64, number) for number, letter in enumerate("abc")]
    other = a_log_in(bob, "d" * 64, 60)
    for log_in in (*own, other):
        await store.add_log_in(log_in, proven=HASH, most=9)

    assert await store.remove_log_ins(ada.id, keep=own[1].id) == 2
    assert await store.log_ins(ada.id) == [own[1]]
    assert await store.remove_expired_log_ins(own[1].expires_at) == 1
    assert await store.log_ins(bob.id) == [other]
    assert await store.remove_log_ins(bob.id) == 1


async def test_keeps_finds_and_removes_api_keys(store: AccountStore) -> None:
    ada, bob = a_user(), a_user("bob@example.org")
    await store.add_user(ada)
    await store.add_user(bob)
    old, new = a_key(ada), a_key(ada, "pw_000000000002", 5)
    await store.add_api_key(old, most=9)
    await store.add_api_key(new, most=9)

    assert await store.api_key_by_prefix(old.prefix) == (old, ada)
    assert await store.api_key_by_prefix("pw_nothing") is None
    assert (await store.api_keys(ada.id), await store.api_keys(bob.id)) == ([new, old], [])
    await store.note_api_key_use(old.id, NOON)
    assert (await store.api_keys(ada.id))[1] == replace(old, last_used_at=NOON)
    assert not await store.remove_api_key(bob.id, old.id)
    assert await store.remove_api_key(ada.id, old.id)
    assert await store.api_keys(ada.id) == [new]


async def test_a_deleted_user_takes_everything_along(store: AccountStore) -> None:
    ada, bob = a_user(), a_user("bob@example.org")
    await store.add_user(ada)
    await store.add_user(bob)
    await store.add_log_in(a_log_in(ada), proven=HASH, most=9)
    await store.add_api_key(a_key(ada), most=9)
    await store.add_log_in(a_log_in(bob, "d" * 64), proven=HASH, most=9)

    assert await store.delete_user(ada.id)

    assert not await store.delete_user(ada.id)
    assert await store.log_in_by_token("a" * 64) is None
    assert await store.api_key_by_prefix("pw_000000000001") is None
    assert await store.users() == [bob]
    assert await store.log_in_by_token("d" * 64) is not None


async def test_a_user_who_has_gone_gets_no_more_log_ins_or_keys(store: AccountStore) -> None:
    gone = a_user()

    assert not await store.add_log_in(a_log_in(gone), proven=HASH, most=9)
    with pytest.raises(NotLoggedInError):
        await store.add_api_key(a_key(gone), most=9)


async def test_a_log_in_whose_password_was_changed_meanwhile_is_not_kept(
    store: AccountStore,
) -> None:
    ada = a_user()
    log_in = a_log_in(ada)
    await store.add_user(ada)
    await store.set_password(ada.id, "$argon2id$new")

    assert not await store.add_log_in(log_in, proven=HASH, most=9)
    assert await store.add_log_in(log_in, proven="$argon2id$new", most=9)
    await store.set_disabled(ada.id, NOON)
    late = a_log_in(ada, "b" * 64)
    assert not await store.add_log_in(late, proven="$argon2id$new", most=9)
    assert await store.log_ins(ada.id) == [log_in]


async def test_whoever_changes_the_password_ends_the_log_ins_under_way(
    store: AccountStore,
) -> None:
    ada = a_user()
    await store.add_user(ada)
    log_ins = [a_log_in(ada, f"{number:064d}") for number in range(12)]

    adding = [store.add_log_in(log_in, proven=HASH, most=20) for log_in in log_ins]
    changing = store.set_password(ada.id, "$argon2id$new", proven=HASH)
    await asyncio.gather(*adding[:6], changing, *adding[6:])

    assert await store.log_ins(ada.id) == []


async def test_a_password_is_changed_only_by_who_proved_the_one_that_is_kept(
    store: AccountStore,
) -> None:
    ada = a_user()
    mine = a_log_in(ada)
    await store.add_user(ada)
    for log_in in (mine, a_log_in(ada, "b" * 64)):
        await store.add_log_in(log_in, proven=HASH, most=9)

    assert not await store.set_password(ada.id, "late", proven="$argon2id$older")
    await store.improve_hash(ada.id, "late", proven="$argon2id$older")
    assert not await store.delete_user(ada.id, proven="$argon2id$older")
    assert len(await store.log_ins(ada.id)) == 2
    assert await store.set_password(ada.id, "new", proven=HASH, keep=mine.id)
    assert await store.log_ins(ada.id) == [mine]
    await store.improve_hash(ada.id, "better", proven="new")
    assert (await store.user(ada.id)) == replace(ada, password_hash="better")
    assert await store.log_ins(ada.id) == [mine]
    assert not await store.set_password(uuid4(), "new")


async def test_keys_made_at_once_are_no_more_than_are_allowed(store: AccountStore) -> None:
    ada, bob = a_user(), a_user("bob@example.org")
    await store.add_user(ada)
    await store.add_user(bob)
    keys = [a_key(ada, f"pw_{number:012x}") for number in range(30)]

    made = await asyncio.gather(*(store.add_api_key(key, most=5) for key in keys))

    assert (sum(made), len(await store.api_keys(ada.id))) == (5, 5)
    assert await store.add_api_key(a_key(bob, "pw_ffffffffffff"), most=5)


async def test_beyond_the_most_the_log_in_not_used_for_longest_ends(store: AccountStore) -> None:
    ada = a_user()
    await store.add_user(ada)
    own = [a_log_in(ada, f"{number:064d}", number) for number in range(4)]
    for log_in in own:
        await store.add_log_in(log_in, proven=HASH, most=3)

    assert await store.log_ins(ada.id) == [own[3], own[2], own[1]]
