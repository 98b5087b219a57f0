"""Password hashes: Argon2id in worker threads, a few at a time, and never a quicker "no"."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from typing import Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from pitwall.aio import Turns

AT_ONCE: Final = 2  # 64 MiB and a core each
WAITING_AT_MOST: Final = 64

T = TypeVar("T")


class Passwords:
    """Makes and verifies password hashes without holding the event loop up.

    Args:
        hasher: Argon2id with 64 MiB and three passes unless told otherwise (RFC 9106, 4).
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
        """Return whether the password is right, and a better hash of it where one is due.

        Without a hash, that is for nobody, a made-up one is verified and the answer is no: to
        ask for an unknown e-mail takes as long as to ask for a known one.

        Raises:
            BusyError: Too many are waiting already.
        """
        right, better = await self._work(lambda: self._verify(password, password_hash))
        return (right, better) if password_hash is not None else (False, None)

    async def _work(self, job: Callable[[], T]) -> T:
        async with self._turns.turn():
            return await asyncio.to_thread(job)

    def _verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        nobody = self._nobody  # in either case, else the first guess would show which it was
        try:
            return self._hashes.verify_and_update(password, password_hash or nobody)
        except UnknownHashError:
            return False, None

    @cached_property
    def _nobody(self) -> str:
        """The hash of nobody's password, made with the same parameters as real ones."""
        return self._hashes.hash("a password that belongs to nobody")
