"""Test the rules for e-mail addresses and passwords, and the hashing with Argon2id."""

from __future__ import annotations

import asyncio

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from pitwall.accounts import hashing
from pitwall.accounts.hashing import Passwords
from pitwall.accounts.rules import (
    check_password,
    common_passwords,
    normalise_email,
    normalise_password,
)
from pitwall.errors import BusyError, RefusedFieldError
from tests.accounts.memory import quick_passwords


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ada@Example.ORG", "ada@example.org"),
        ("owner@localhost", "owner@localhost"),
        ("\uff41da@example.org", "ada@example.org"),  # a full-width a
    ],
)
def test_an_email_has_one_spelling(typed: str, kept: str) -> None:
    assert normalise_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "@example.org", "ada@", "a da@b.c", "a@b@c", "a@\x00.org", "a" * 250 + "@b.c"],
)
def test_what_is_no_email_is_refused(typed: str) -> None:
    with pytest.raises(RefusedFieldError) as refused:
        normalise_email(typed)

    assert refused.value.field == "email"


@pytest.mark.parametrize(
    "password", ["short", "ninechars", "qwertyuiop", "PASSWORD123", "aaaaaaaaaaaa", "x" * 257]
)
def test_short_common_and_endless_passwords_are_refused(password: str) -> None:
    with pytest.raises(RefusedFieldError):
        check_password(password, "ada@example.org")


def test_a_password_is_not_the_email() -> None:
    with pytest.raises(RefusedFieldError, match="e-mail"):
        check_password("Ada.Lovelace@Example.org", "ada.lovelace@example.org")


@pytest.mark.parametrize("password", ["ten chars!", "a long sentence without digits", "ünïcödé-ok"])
def test_length_is_all_that_is_asked(password: str) -> None:
    check_password(normalise_password(password), "ada@example.org")


def test_the_list_holds_only_what_the_length_lets_through() -> None:
    assert len(common_passwords()) > 200
    assert all(len(common) >= 10 and common == common.casefold() for common in common_passwords())


async def test_hashes_are_argon2id_with_a_salt_of_their_own() -> None:
    passwords = Passwords()

    one, other = await passwords.hash("ten chars!"), await passwords.hash("ten chars!")

    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert one != other
    assert await passwords.verify("ten chars!", one) == (True, None)
    assert await passwords.verify("ten chars?", one) == (False, None)


async def test_a_hash_of_weaker_parameters_is_replaced_when_the_password_is_right() -> None:
    weak = await quick_passwords().hash("ten chars!")
    strong = Passwords(Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1))

    right, better = await strong.verify("ten chars!", weak)

    assert right
    assert better is not None
    assert "m=16,t=2" in better
    assert await strong.verify("wrong pass", weak) == (False, None)


async def test_a_damaged_hash_fits_no_password() -> None:
    assert await quick_passwords().verify("ten chars!", "not a hash") == (False, None)


async def test_the_made_up_hash_of_nobody_can_not_be_logged_in_with() -> None:
    verified = await quick_passwords().verify("a password that belongs to nobody", None)

    assert verified == (False, None)


async def test_too_many_waiting_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "WAITING_AT_MOST", 3)
    passwords = quick_passwords()

    results = await asyncio.gather(
        *(passwords.hash("ten chars!") for _ in range(5)), return_exceptions=True
    )

    assert [type(result) for result in results] == [str, str, str, BusyError, BusyError]
    assert (await passwords.hash("ten chars!")).startswith("$argon2id$")
