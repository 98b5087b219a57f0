"""Hash and verify passwords with Argon2id in worker threads, equally slowly for unknown users."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from typing import Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from pitwall.aio import Turns

AT_ONCE: Final = 2  # each takes 64 MiB and a core
WAITING_AT_MOST: Final = 64

T = TypeVar("T")


class Passwords:
    """Hashes and verifies passwords without blocking the event loop.

    Args:
        hasher: The hash function. None for Argon2id with 64 MiB and three passes (RFC 9106, 4).
    """

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hashes = PasswordHash([hasher or Argon2Hasher()])
        self._turns = Turns(
            AT_ONCE, WAITING_AT_MOST, "Too many log-ins at once; try again in a moment."
        )

    async def hash(self, password: str) -> str:
        """Return the hash of a normalised password, with a salt of its own.

        Raises:
            BusyError: Too many are waiting already.
        """
        return await self._work(lambda: self._hashes.hash(password))

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Return whether the password is right, and a new hash if the old one has weak parameters.

        Without a hash, for an unknown user, a dummy hash is verified and the answer is no, so that
        an unknown e-mail address takes as long as a known one.

        Raises:
            BusyError: Too many are waiting already.
        """
        right, better = await self._work(lambda: self._verify(password, password_hash))
        return (right, better) if password_hash is not None else (False, None)

    async def _work(self, job: Callable[[], T]) -> T:
        async with self._turns.turn():
            return await asyncio.to_thread(job)

    def _verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        # Always computed, or the first call for an unknown user would take longer.
        dummy = self._dummy_hash
        try:
            return self._hashes.verify_and_update(password, password_hash or dummy)
        except UnknownHashError:
            return False, None

    @cached_property
    def _dummy_hash(self) -> str:
        """A hash that belongs to no user, made with the same parameters as real ones."""
        return self._hashes.hash("a password that belongs to nobody")
